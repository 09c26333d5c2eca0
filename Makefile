# Kitlab. `make run` and `make test` are the two commands; each installs what is
# missing, builds, and does its job. `make help` lists the rest.

# ---- settings ----------------------------------------------------------------
CC ?= gcc
VERSION := 0.1.0
PORT ?= 8080
V ?=
SAN ?=
CI ?=

# On all cores, where nobody says how many (make -j1).
JOBS = $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc))
B := build$(if $(SAN),/san)
Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-7s %s\n' $(1) $(2))

PACKAGES_BUILD := gcc make pkg-config libserialport-dev libusb-1.0-0-dev libwebsockets-dev \
	libwebsockets-evlib-ev libev-dev liblua5.4-dev libcjson-dev libudev-dev libseccomp-dev \
	libinih-dev libsqlite3-dev zlib1g-dev
PACKAGES_TEST := libcmocka-dev simavr libsimavr-dev libelf-dev umockdev libumockdev-dev chromium \
	chromium-headless-shell fonts-noto-cjk clang libclang-rt-14-dev man-db avrdude arduino-core-avr
PACKAGES_GUEST := qemu-system-x86 busybox-static cpio kmod xz-utils
LIBS := libserialport libusb-1.0 libwebsockets lua5.4 libcjson libudev libseccomp inih sqlite3 zlib

WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wswitch-enum -Wvla \
	-Wformat=2 -Wno-format-nonliteral -Wno-format-zero-length
CFLAGS ?= -O2 -g
KIT_CFLAGS = -std=c11 -D_GNU_SOURCE -DKITLAB_VERSION='"$(VERSION)"' $(WARN) $(if $(CI),-Werror) \
	-iquote devices -iquote daemon -iquote lua -iquote $(GEN) $(LIB_CFLAGS) -fno-strict-aliasing -MMD -MP
SAN_FLAGS := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
ifdef SAN
CFLAGS += $(SAN_FLAGS)
LDFLAGS += $(SAN_FLAGS)
endif
LIB_CFLAGS = $(shell pkg-config --cflags $(LIBS) 2>/dev/null)

LINK_DEVICES := -lserialport -ludev -lusb-1.0 -lev -lm
LINK_DAEMON := -lwebsockets -lcjson -linih -lsqlite3 -lz -lpthread $(LINK_DEVICES)
LINK_RUNNER := -llua5.4 -lseccomp -lm

# ---- sources -----------------------------------------------------------------
GEN := build/gen
DEVICES_SRC := $(filter-out devices/virtual/%,$(wildcard devices/*.c devices/*/*.c))
VIRTUAL_SRC := $(wildcard devices/virtual/*.c)
DAEMON_SRC := $(wildcard daemon/*.c)
CLI_SRC := $(wildcard daemon/cli/*.c)
RUNNER_SRC := $(wildcard lua/*.c)
WIRING_JSON := $(wildcard devices/wiring/*.json)
CLASSROOM_JSON := $(wildcard devices/virtual/classrooms/*.json)
WEB_SRC := $(shell find web -path web/node_modules -prune -o -type f -print 2>/dev/null)
GENERATED := $(GEN)/messages.h $(GEN)/messages.inc $(GEN)/names.inc $(GEN)/lua_texts.h \
	$(GEN)/lua_texts.inc

obj = $(patsubst %.c,$(B)/obj/%.o,$(1))
DEVICES_OBJ := $(call obj,$(DEVICES_SRC))
VIRTUAL_OBJ := $(call obj,$(VIRTUAL_SRC)) $(B)/obj/classroom_files.o $(B)/obj/wiring_files.o
DAEMON_OBJ := $(call obj,$(DAEMON_SRC)) $(B)/obj/wiring_files.o
CLI_OBJ := $(call obj,$(CLI_SRC))
RUNNER_OBJ := $(call obj,$(RUNNER_SRC))

PROGRAMS := $(B)/kitlabd $(B)/kitlab $(B)/kitlab-runner $(B)/kitlab-virtual

# ---- the two commands --------------------------------------------------------
.PHONY: all run test help
all: deps-build
	$(Q)$(MAKE) --no-print-directory $(JOBS) programs
.DEFAULT_GOAL := all
.SECONDARY:
.DELETE_ON_ERROR:

run: all
	$(Q)exec $(B)/kitlabd --open-lab --virtual default --listen 127.0.0.1:$(PORT) --demo

test: deps-test all
	$(Q)$(MAKE) --no-print-directory $(JOBS) test-programs
	$(Q)BUILD=$(B) node tests/run.mjs $(SUITES)

help:
	@echo 'make run            a virtual classroom; prints the address to open'
	@echo 'make test           every test; ends with "N passed, N failed"'
	@echo 'make test-unit ...  one suite: unit replay peers usb system browser fuzz vectors'
	@echo 'make test-vectors VECTORS=FILE   the codecs against a file of vectors'
	@echo 'make test-mutants   switches off each rule of safety: a test must fail (RULES="5 6")'
	@echo 'make bench          speed and memory beside a peer'
	@echo 'make bench-safety   how soon motion ends (BENCH_ARGS="--ends=10000 --presses=500")'
	@echo 'make fuzz-NAME      one fuzzer by hand (SECONDS=...)'
	@echo 'make web-dev        the pages against a recording, without a daemon'
	@echo 'make install        programs, man pages, udev rules, service (DESTDIR, PREFIX)'
	@echo 'make fmt            clang-format'
	@echo 'SAN=1 with address and undefined-behaviour sanitizers; CI=1 warnings are errors; V=1 show commands'

# ---- what has to be installed ------------------------------------------------
.PHONY: deps-build deps-test
deps-build:
	$(Q)packaging/install-deps.sh $(PACKAGES_BUILD)
deps-test: deps-build
	$(Q)packaging/install-deps.sh $(PACKAGES_TEST)
	$(Q)packaging/install-deps.sh $(PACKAGES_GUEST) || echo 'Without them the suite usb is skipped.'

# npm: from the lock files, only when they changed.
%/node_modules/.package-lock.json: %/package.json %/package-lock.json
	$(call say,NPM,$*)
	$(Q)cd $* && npm ci --no-audit --no-fund --loglevel=error
	$(Q)touch $@

# ---- programs ----------------------------------------------------------------
.PHONY: programs
programs: $(PROGRAMS)

$(B)/libdevices.a: $(DEVICES_OBJ)
$(B)/libdaemon.a: $(filter-out $(B)/obj/daemon/main.o,$(DAEMON_OBJ))
$(B)/libvirtual.a: $(filter-out $(B)/obj/devices/virtual/main.o,$(VIRTUAL_OBJ))
$(B)/librunner.a: $(filter-out $(B)/obj/lua/main.o,$(RUNNER_OBJ))
$(B)/%.a:
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $^

$(B)/kitlabd: $(B)/obj/daemon/main.o $(B)/libdaemon.a $(B)/obj/web_files.o $(B)/libdevices.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LINK_DAEMON)
$(B)/kitlab: $(CLI_OBJ) $(B)/libdevices.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lwebsockets -lcjson
$(B)/kitlab-runner: $(B)/obj/lua/main.o $(B)/librunner.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LINK_RUNNER)
$(B)/kitlab-virtual: $(B)/obj/devices/virtual/main.o $(B)/libvirtual.a $(B)/libdevices.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lcjson $(LINK_DEVICES)

$(B)/obj/%.o: %.c | $(GENERATED)
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(KIT_CFLAGS) $(CFLAGS) -c -o $@ $<

# ---- made files --------------------------------------------------------------
$(GEN)/messages.h: devices/messages.tsv devices/messages.awk
	@mkdir -p $(@D)
	$(Q)awk -v part=h -f devices/messages.awk $< > $@
$(GEN)/messages.inc: devices/messages.tsv devices/messages.awk
	@mkdir -p $(@D)
	$(Q)awk -v part=c -f devices/messages.awk $< > $@
$(GEN)/names.inc: devices/NAMES.md devices/names.awk
	@mkdir -p $(@D)
	$(Q)awk -f devices/names.awk $< > $@
$(GEN)/lua_texts.h: lua/texts.tsv lua/texts.awk
	@mkdir -p $(@D)
	$(Q)awk -v part=h -f lua/texts.awk $< > $@
$(GEN)/lua_texts.inc: lua/texts.tsv lua/texts.awk
	@mkdir -p $(@D)
	$(Q)awk -v part=c -f lua/texts.awk $< > $@

# The pages and the shipped wiring profiles live inside the programs.
build/web/index.html: web/node_modules/.package-lock.json $(filter-out web/package-lock.json,$(WEB_SRC))
	$(call say,VITE,web)
	$(Q)cd web && npm run --silent build -- --outDir ../build/web.$$$$ && rm -rf ../build/web && mv ../build/web.$$$$ ../build/web
	@touch $@
$(GEN)/web_files.S: build/web/index.html packaging/embed.mjs
	$(Q)node packaging/embed.mjs gzip web_files build/web $@
$(GEN)/wiring_files.S: $(WIRING_JSON) packaging/embed.mjs
	@mkdir -p $(@D)
	$(Q)node packaging/embed.mjs plain wiring_files devices/wiring $@ .json
$(GEN)/classroom_files.S: $(CLASSROOM_JSON) packaging/embed.mjs
	@mkdir -p $(@D)
	$(Q)node packaging/embed.mjs plain classroom_files devices/virtual/classrooms $@ .json
$(B)/obj/%_files.o: $(GEN)/%_files.S
	$(call say,EMBED,$*)
	@mkdir -p $(@D)
	$(Q)$(CC) -c -o $@ $<

# ---- tests -------------------------------------------------------------------
SUITES ?= unit replay vectors fuzz system peers browser usb
UNIT_BIN := $(patsubst tests/unit/%.c,$(B)/tests/%,$(wildcard tests/unit/test_*.c))
PEERS_BIN := $(patsubst tests/peers/%.c,$(B)/peers/%,$(wildcard tests/peers/*.c))
# Where there is QEMU; not with sanitizers, because what runs there is measured.
GUEST := $(if $(SAN),,$(if $(shell command -v qemu-system-x86_64),$(B)/guest/initramfs))
FIRMWARE := build/firmware/uno-2.4.hex build/firmware/uno-2.5.hex
REPLAY_BIN := $(patsubst tests/replay/%.c,$(B)/replay/%,$(wildcard tests/replay/*.c)) \
	$(B)/replay/vectors
VECTORS_OBJ := $(call obj,$(wildcard tests/replay/vectors/*.c))
BENCH_BIN := $(patsubst tests/bench/%.c,$(B)/bench/%,$(wildcard tests/bench/*.c)) $(B)/bench/load
LOAD_OBJ := $(call obj,$(wildcard tests/bench/load/*.c))
FUZZERS := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_BIN := $(FUZZERS:%=build/fuzz/fuzz_%)
TEST_LIBS := $(B)/librunner.a $(B)/libvirtual.a $(B)/libdaemon.a $(B)/obj/web_files.o \
	$(B)/libdevices.a

.PHONY: test-programs
test-programs: tests/node_modules/.package-lock.json $(UNIT_BIN) $(PEERS_BIN) $(FIRMWARE) $(REPLAY_BIN) \
	$(BENCH_BIN) $(FUZZ_BIN) $(GUEST)

.PHONY: $(SUITES:%=test-%)
$(filter-out test-vectors,$(SUITES:%=test-%)): test-%: deps-test all
	$(Q)$(MAKE) --no-print-directory $(JOBS) test-programs
	$(Q)BUILD=$(B) node tests/run.mjs $*

.PHONY: test-mutants
test-mutants: deps-test all
	$(Q)$(MAKE) --no-print-directory $(JOBS) test-programs
	$(Q)node tests/mutants/run.mjs $(RULES)

VECTORS ?= ../shared/vectors.json
.PHONY: test-vectors
test-vectors: all $(B)/replay/vectors
	$(Q)$(B)/replay/vectors $(VECTORS)

$(B)/tests/%: $(B)/obj/tests/unit/%.o $(TEST_LIBS)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lcmocka $(LINK_RUNNER) $(LINK_DAEMON)
$(B)/replay/vectors: $(VECTORS_OBJ) $(B)/libdevices.a
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lcjson $(LINK_DEVICES)
$(B)/replay/%: $(B)/obj/tests/replay/%.o $(B)/libvirtual.a $(B)/libdevices.a
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lcjson -lcmocka $(LINK_DEVICES)
# Far ends and load for the tests: nothing of Kitlab is linked into what measures it.
$(B)/bench/load: $(LOAD_OBJ)
$(B)/bench/ptypipe: $(B)/obj/tests/bench/ptypipe.o
$(B)/bench/%:
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lutil -lm
# A port of ours, by hand, in the faked USB.
$(B)/peers/usbport: $(B)/obj/tests/peers/usbport.o $(B)/libdevices.a
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LINK_DEVICES)
# The rigs are not ours to sanitize: simavr and umockdev come from Debian.
build/peers/% build/san/peers/%: tests/peers/%.c $(wildcard tests/peers/*.h)
	$(call say,RIG,$@)
	@mkdir -p $(@D)
	$(Q)gcc -O2 -g -std=gnu11 -Wall -Wextra -I/usr/include/simavr \
		$(shell pkg-config --cflags umockdev-1.0 2>/dev/null) -o $@ $< \
		-lsimavr -lelf $(shell pkg-config --libs umockdev-1.0 2>/dev/null) -lutil -lpthread

# A guest with a kernel of its own, in which the real kitlabd meets real USB.
$(B)/guest/usbipdev: tests/usb/usbipdev.c tests/peers/usb_kits.h
	$(call say,RIG,$@)
	@mkdir -p $(@D)
	$(Q)gcc -O2 -g -std=gnu11 -Wall -Wextra -o $@ $<
$(B)/guest/initramfs: tests/usb/make-guest.sh tests/usb/init tests/usb/group packaging/60-kitlab.rules \
	$(B)/kitlabd $(B)/kitlab-virtual $(B)/guest/usbipdev
	$(call say,GUEST,$@)
	$(Q)tests/usb/make-guest.sh build/debian $(@D) packaging/60-kitlab.rules $(filter $(B)/%,$^)

# Real firmware for the simulated board: fetched once, never committed.
$(FIRMWARE) &: tests/peers/fetch-firmware.sh
	$(call say,FETCH,build/firmware)
	$(Q)$< build/firmware && touch $(FIRMWARE)

# Fuzzers: clang, everything instrumented, in their own folder.
FUZZ_CC ?= clang
FUZZ_FLAGS := -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined
fuzzobj = $(patsubst %.c,build/fuzz/obj/%.o,$(1))
FUZZ_OBJ := $(call fuzzobj,$(DEVICES_SRC) $(filter-out daemon/main.c,$(DAEMON_SRC)) \
	$(filter-out lua/main.c,$(RUNNER_SRC)))
build/fuzz/obj/%.o: %.c | $(GENERATED)
	$(call say,CLANG,$<)
	@mkdir -p $(@D)
	$(Q)$(FUZZ_CC) $(KIT_CFLAGS) $(FUZZ_FLAGS) -c -o $@ $<
build/fuzz/libfuzz.a: $(FUZZ_OBJ)
	$(Q)rm -f $@ && ar rcs $@ $^
build/fuzz/fuzz_%: build/fuzz/obj/tests/fuzz/fuzz_%.o build/fuzz/libfuzz.a build/obj/web_files.o \
	build/obj/wiring_files.o
	$(call say,LINK,$@)
	$(Q)$(FUZZ_CC) $(FUZZ_FLAGS) -fsanitize=fuzzer -o $@ $^ $(LINK_RUNNER) $(LINK_DAEMON)
SECONDS ?= 600
.PHONY: $(FUZZERS:%=fuzz-%)
$(FUZZERS:%=fuzz-%): fuzz-%: build/fuzz/fuzz_%
	$(Q)mkdir -p build/fuzz/corpus/$* && build/fuzz/fuzz_$* -max_total_time=$(SECONDS) \
		-artifact_prefix=build/fuzz/ build/fuzz/corpus/$* $(wildcard tests/fuzz/seeds/$*)

# ---- benches, pages by hand, install, format ---------------------------------
.PHONY: bench bench-safety web-dev install fmt clean
bench: deps-test all
	$(Q)$(MAKE) --no-print-directory $(JOBS) $(BENCH_BIN) tests/node_modules/.package-lock.json
	$(Q)BUILD=$(B) node tests/bench/bench.mjs $(BENCH_ARGS)

bench-safety: deps-test all
	$(Q)$(MAKE) --no-print-directory $(JOBS) $(BENCH_BIN) tests/node_modules/.package-lock.json
	$(Q)BUILD=$(B) node tests/bench/safety.mjs $(BENCH_ARGS)

web-dev: web/node_modules/.package-lock.json
	$(Q)cd web && npm run dev

PREFIX ?= /usr/local
install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/man/man1 \
		$(DESTDIR)$(PREFIX)/share/man/man5 $(DESTDIR)$(PREFIX)/lib/udev/rules.d \
		$(DESTDIR)$(PREFIX)/share/kitlab
	install -m 755 $(PROGRAMS) $(DESTDIR)$(PREFIX)/bin
	install -m 644 $(wildcard docs/man/*.1) $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 644 $(wildcard docs/man/*.5) $(DESTDIR)$(PREFIX)/share/man/man5
	install -m 644 packaging/60-kitlab.rules $(DESTDIR)$(PREFIX)/lib/udev/rules.d
	install -d $(DESTDIR)$(PREFIX)/lib/systemd/system
	sed 's|@BIN@|$(PREFIX)/bin|' packaging/kitlabd.service \
		> $(DESTDIR)$(PREFIX)/lib/systemd/system/kitlabd.service
	cp -r examples $(DESTDIR)$(PREFIX)/share/kitlab/

fmt:
	$(Q)clang-format -i $$(git ls-files '*.c' '*.h')

clean:
	$(Q)rm -rf build

-include $(shell find build -name '*.d' -type f -type f 2>/dev/null)
