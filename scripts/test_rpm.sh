#!/bin/sh
# test_rpm.sh [NAME...]: builds the packages, looks at them, and lives a package's life in a test VM
# that boots systemd: install, use, restart, upgrade, erase. Works on a fresh clone, as root. The
# last line is "N passed, N failed".
set -u
top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top" || exit 1
exec </dev/null

fail() {
  echo "$*" >&2
  echo "0 passed, 1 failed"
  exit 1
}

[ "$(id -u)" = 0 ] || fail "Cannot test the packages: installing them takes root"
sh scripts/setup.sh c engine vm rpm || fail "Cannot test the packages: setting up failed"
for program in rpmbuild rpmlint qemu-system-x86_64; do
  command -v $program >/dev/null || fail "Cannot test the packages: there is no $program"
done
sh scripts/vm_image.sh systemd rpm || fail "Cannot test the packages: there is no root image"
sh scripts/vm_kernel.sh debian-6.12 || true

# Two releases of the same, to upgrade from one to the other; the second is not compressed, which
# the VM would take half a minute to undo. They are built without a network.
export RPMBUILD="unshare -n rpmbuild"
names=$*
set --
rm -rf dist/rpm
mkdir -p dist/rpm
for release in 1 2; do
  sh scripts/rpm.sh --define "baserelease $release" "$@" >dist/rpm/build-$release.log 2>&1 || {
    tail -n 40 dist/rpm/build-$release.log >&2
    fail "Cannot test the packages: rpmbuild failed"
  }
  set -- --define "_binary_payload w.ufdio"
  (cd dist && sha256sum etmem-*.tar*) >dist/rpm/sources-$release.sha256
done
# shellcheck disable=SC2086 # names have no blanks
exec sh scripts/with_bun.sh tests/system/rpm/main.ts $names
