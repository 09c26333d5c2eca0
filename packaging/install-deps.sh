#!/bin/sh
# Installs the Debian packages named, as far as they are missing. Where this is
# no Debian, or there is no way to become root, it prints the list and stops.
set -eu

missing=
for package in "$@"; do
	dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q '^install ok installed$' && continue
	# What a machine has from elsewhere (a newer clang, a browser) is not replaced.
	command -v "$package" >/dev/null 2>&1 && continue
	missing="$missing $package"
done
# NodeSource's nodejs conflicts with Debian's npm: each only if its command is not there.
command -v node >/dev/null 2>&1 || missing="$missing nodejs"
command -v npm >/dev/null 2>&1 || missing="$missing npm"
[ -n "$missing" ] || exit 0

stop() {
	echo "Kitlab needs these Debian 12 packages:$missing" >&2
	echo "$1" >&2
	exit 1
}
command -v apt-get >/dev/null 2>&1 || stop 'This is no Debian: install their equivalents, then try again.'
if [ "$(id -u)" = 0 ]; then
	root=
elif command -v sudo >/dev/null 2>&1; then
	root=sudo
else
	stop "Ask the administrator: apt-get install$missing"
fi
echo "Installing:$missing" >&2
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086
$root apt-get install -y --no-install-recommends $missing >/dev/null 2>&1 || {
	$root apt-get update >/dev/null
	$root apt-get install -y --no-install-recommends $missing >/dev/null
}
