#!/bin/sh
# test_vm.sh [NAME...]: the scenarios of tests/vm, all or those whose names contain a NAME, in test
# VMs with the etmem kernel interface or a stock kernel. Works on a fresh clone; building the VM's
# root image and getting the stock kernels, once, takes root and two minutes. The last line is
# "N passed, N failed".
set -u
top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top" || exit 1

fail() {
  echo "$*" >&2
  echo "0 passed, 1 failed"
  exit 1
}

sh scripts/setup.sh c engine vm || fail "Cannot run the VM tests: setting up failed"
command -v qemu-system-x86_64 >/dev/null || fail "Cannot run the VM tests: there is no qemu-system-x86_64"

sh scripts/vm_image.sh minbase || fail "Cannot run the VM tests: there is no root image"
# scenarios on a kernel that cannot be had are skipped, with the reason
for kernel in debian-5.10 debian-6.1 debian-6.12; do
  sh scripts/vm_kernel.sh $kernel || true
done
npm run --silent build </dev/null || fail "Cannot run the VM tests: the build failed"
exec sh scripts/with_bun.sh tests/vm/host/main.ts "$@" </dev/null
