#!/bin/sh
# arm64_glib.sh FOLDER: unpacks Debian's GLib for aarch64 into FOLDER, unless it is there. The
# packages are fetched by apt-get, with lists and a cache of their own: the packages of this host
# and what apt knows of them stay as they are.
set -u
folder=$1
[ ! -e "$folder/usr/lib/aarch64-linux-gnu/libglib-2.0.so" ] || exit 0
if ! command -v apt-get >/dev/null || ! command -v dpkg-deb >/dev/null; then
  echo "Cannot fetch GLib for aarch64: this host has no apt-get" >&2
  exit 1
fi
state=$(mktemp -d) || exit 1
trap 'rm -rf "$state"' EXIT
mkdir -p "$state/lists/partial" "$state/cache/archives/partial" "$folder" || exit 1

apt() {
  apt-get -q -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o APT::Sandbox::User=root \
    -o Dir::State::Lists="$state/lists" -o Dir::State::status=/dev/null -o Dir::Cache="$state/cache" \
    -o Debug::NoLocking=1 "$@" >>"$state/log" 2>&1
}
{ apt update && cd "$state" && apt download libglib2.0-0 libpcre2-8-0; } || {
  cat "$state/log" >&2
  exit 1
}
cd - >/dev/null || exit 1
for package in "$state"/*.deb; do
  dpkg-deb -x "$package" "$folder" || exit 1
done
# what a linker looks for; made last, it says that all is there
ln -sf libglib-2.0.so.0 "$folder/usr/lib/aarch64-linux-gnu/libglib-2.0.so"
