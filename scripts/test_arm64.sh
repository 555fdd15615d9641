#!/bin/sh
# test_arm64.sh: builds for aarch64, and runs the unit tests and a smoke test of the executable
# under qemu-user; also what depends on the page size, with larger pages. Works on a fresh clone of
# an x86_64 host; on aarch64 the tests are those of test.sh. The last line is "N passed, N failed".
set -u
top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top" || exit 1
[ "$(uname -m)" != aarch64 ] || exec sh scripts/test.sh

fail() {
  echo "$*" >&2
  echo "0 passed, 1 failed"
  exit 1
}

sh scripts/setup.sh c engine arm64 || fail "Cannot run the tests on aarch64: setting up failed"
npm run --silent build -- --arch aarch64 </dev/null || fail "Cannot run the tests on aarch64: the build failed"
root=node_modules/.cache/etmem/arm64/root
sh scripts/unpack_packages.sh $root arm64 libglib2.0-0 libpcre2-8-0 || fail "Cannot run the tests on aarch64: there is no GLib for it"
# what a linker looks for
ln -sf libglib-2.0.so.0 $root/usr/lib/aarch64-linux-gnu/libglib-2.0.so
exec sh scripts/with_bun.sh tests/system/arm64/main.ts </dev/null
