#!/bin/sh
# Makes a guest that boots in seconds: Debian's kernel and modules and udev, unpacked from their
# packages (nothing is installed), busybox, and the programs named. All of it is fetched from the
# machine's own Debian mirror, once.
#
#   make-guest.sh DEBIAN FOLDER RULES PROGRAM...
#
# keeps what it fetches in DEBIAN, and makes FOLDER/vmlinux and FOLDER/initramfs.
set -eu
PATH=$PATH:/usr/sbin:/sbin
here=$(cd "$(dirname "$0")" && pwd)
debian=$1
out=$2
rules=$3
shift 3

if [ ! -e "$debian/done" ]; then
	rm -rf "$debian"
	mkdir -p "$debian"
	kernel=$(apt-cache depends linux-image-amd64 | sed -n 's/.*Depends: \(linux-image-[0-9].*\)/\1/p' | head -n 1)
	(cd "$debian" && apt-get download -qq "$kernel" udev)
	for package in "$debian"/*.deb; do
		dpkg -x "$package" "$debian"
		rm "$package"
	done
	depmod -b "$debian" "$(ls "$debian/lib/modules")"
	touch "$debian/done"
fi
version=$(ls "$debian/lib/modules")
mkdir -p "$out"

# Unpacked here, because the emulated machine takes ten times as long: the place of the kernel
# proper is in the file's header (Documentation/x86/boot.rst).
packed=$debian/boot/vmlinuz-$version
number() {
	od -An -j "$1" -N "$2" -t "u$2" "$packed" | tr -d ' '
}
start=$((($(number 497 1) + 1) * 512 + $(number 584 4)))
tail -c "+$((start + 1))" "$packed" | head -c "$(number 588 4)" | xz -dc --single-stream > "$out/vmlinux"

root=$out/root
rm -rf "$root"
mkdir -p "$root/bin" "$root/sbin" "$root/proc" "$root/sys" "$root/dev" "$root/kitlab" "$root/etc" \
	"$root/lib/systemd" "$root/lib/udev/rules.d" "$root/lib/modules/$version" "$root/root"
cp "$(command -v busybox)" "$root/bin/busybox"
cp "$here/init" "$root/init"
printf 'root:x:0:0::/root:/bin/sh\nkitlab:x:1000:1000::/tmp:/bin/sh\n' > "$root/etc/passwd"
cp "$here/group" "$root/etc/group"

# The modules wanted, with all that they need.
modules="virtio_pci virtio_net xhci_pci vhci_hcd usbhid hid_generic ftdi_sio cdc_acm"
for module in $modules; do
	modprobe -d "$debian" -S "$version" --show-depends "$module"
done | sed -n 's/^insmod //p' | sort -u | while read -r file _; do
	to=$root/lib/modules/$version/${file#*"/lib/modules/$version/"}
	mkdir -p "$(dirname "$to")"
	cp "$file" "$to"
done
cp "$debian/lib/modules/$version"/modules.builtin* "$debian/lib/modules/$version/modules.order" \
	"$root/lib/modules/$version/"
depmod -b "$root" "$version"

cp "$debian/bin/udevadm" "$root/bin/"
ln -s /bin/udevadm "$root/lib/systemd/systemd-udevd"
for rule in 50-udev-default 60-serial 80-drivers; do
	cp "$debian/lib/udev/rules.d/$rule.rules" "$root/lib/udev/rules.d/"
done
cp "$rules" "$root/lib/udev/rules.d/"
cp "$@" "$root/kitlab/"

# Shared libraries of all of them, and the one that libwebsockets loads by itself.
plugin=$(find /usr/lib -name 'libwebsockets-evlib_ev.so' | head -n 1)
for file in "$root/bin/udevadm" "$root"/kitlab/* "$plugin"; do
	ldd "$file" | sed -n 's/.*=> \(\/[^ ]*\).*/\1/p; s/^\t\(\/lib[^ ]*\) .*/\1/p'
done | sort -u | while read -r library; do
	mkdir -p "$root$(dirname "$library")"
	cp -L "$library" "$root$library"
done
mkdir -p "$root$(dirname "$plugin")"
cp "$plugin" "$root$plugin"
(cd "$root" && find . | cpio -o -H newc --quiet) > "$out/initramfs"
rm -rf "$root"
