#!/bin/sh
# vm_image.sh VARIANT [PACKAGE...]: makes the test VM's root image of tests/vm/mkrootfs.sh, with
# more Debian packages, unless the one in the cache was made by the same scripts with the same
# packages. Takes root and a minute, once.
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top"
PATH=$PATH:/sbin:/usr/sbin
variant=$1
shift
cache=${VMDIR:-${XDG_CACHE_HOME:-$HOME/.cache}/etmem-vm}
image=$cache/rootfs-$variant.ext4
made_by=$(cat tests/vm/mkrootfs.sh tests/vm/vm-init.sh | cksum)
# what mkrootfs.sh says of the folder that the image is made from
packages=,$(cat "$cache/root-$variant/.done" 2>/dev/null || echo none),
fresh=yes
[ -e "$image" ] && [ "$(cat "$cache/rootfs-$variant.made-by" 2>/dev/null)" = "$made_by" ] || fresh=no
for package in "$@"; do
  case $packages in *,"$package",*) ;; *) fresh=no ;; esac
done
[ $fresh = no ] || exit 0
[ "$(id -u)" = 0 ] || {
  echo "Cannot build the VM's root image \"$image\": that needs root" >&2
  exit 1
}
echo "building the VM's root image $image"
mkdir -p "$cache"
PKGS="$*" bash tests/vm/mkrootfs.sh "$variant" >"$cache/mkrootfs.log" 2>&1 </dev/null || {
  tail -n 20 "$cache/mkrootfs.log" >&2
  echo "Cannot build the VM's root image \"$image\": see $cache/mkrootfs.log" >&2
  exit 1
}
