#!/bin/sh
# test_vm.sh [NAME...]: the scenarios of tests/vm, all or those whose names contain a NAME, in test VMs with the
# etmem kernel interface. Works on a fresh clone; building the VM's root image, once, takes root and a minute. The
# last line is "N passed, N failed".
set -u
top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top" || exit 1
PATH=$PATH:/sbin:/usr/sbin

fail() {
  echo "$*" >&2
  echo "0 passed, 1 failed"
  exit 1
}

sh .ci/setup.sh c engine vm || fail "Cannot run the VM tests: setting up failed"
command -v qemu-system-x86_64 >/dev/null || fail "Cannot run the VM tests: there is no qemu-system-x86_64"

cache=${VMDIR:-${XDG_CACHE_HOME:-$HOME/.cache}/etmem-vm}
image=$cache/rootfs-minbase.ext4
made_by=$(cat tests/vm/mkrootfs.sh tests/vm/vm-init.sh | cksum)
if [ ! -e "$image" ] || [ "$(cat "$cache/rootfs-minbase.made-by" 2>/dev/null)" != "$made_by" ]; then
  [ "$(id -u)" = 0 ] || fail "Cannot build the VM's root image \"$image\": that needs root"
  echo "building the VM's root image $image"
  mkdir -p "$cache"
  bash tests/vm/mkrootfs.sh minbase >"$cache/mkrootfs.log" 2>&1 </dev/null || {
    tail -n 20 "$cache/mkrootfs.log" >&2
    fail "Cannot build the VM's root image \"$image\": see $cache/mkrootfs.log"
  }
fi

npm run --silent build </dev/null || fail "Cannot run the VM tests: the build failed"
exec sh .ci/with_bun.sh tests/vm/host/main.ts "$@" </dev/null
