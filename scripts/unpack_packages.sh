#!/bin/sh
# unpack_packages.sh FOLDER ARCHITECTURE PACKAGE...: unpacks Debian packages into FOLDER, unless
# they are there. apt-get downloads them, with lists and a cache of its own: nothing is installed,
# no service is started, and what apt knows of this host's packages stays as it is.
set -u
folder=$1
architecture=$2
shift 2
[ ! -e "$folder/.unpacked" ] || exit 0
if ! command -v apt-get >/dev/null || ! command -v dpkg-deb >/dev/null; then
  echo "Cannot fetch $*: this host has no apt-get" >&2
  exit 1
fi
state=$(mktemp -d) || exit 1
trap 'rm -rf "$state"' EXIT
mkdir -p "$state/lists/partial" "$state/cache/archives/partial" "$folder" || exit 1

apt() {
  apt-get -q -o APT::Architecture="$architecture" -o APT::Architectures="$architecture" \
    -o APT::Sandbox::User=root -o Dir::State::Lists="$state/lists" -o Dir::State::status=/dev/null \
    -o Dir::Cache="$state/cache" -o Debug::NoLocking=1 "$@" >>"$state/log" 2>&1
}
{ apt update && cd "$state" && apt download "$@"; } || {
  cat "$state/log" >&2
  exit 1
}
cd - >/dev/null || exit 1
for package in "$state"/*.deb; do
  dpkg-deb -x "$package" "$folder" || exit 1
done
touch "$folder/.unpacked"
