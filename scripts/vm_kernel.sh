#!/bin/sh
# vm_kernel.sh debian-5.10|debian-6.1|debian-6.12: gets that stock kernel of Debian for the test VM,
# unless it is in the cache: unpacks the newest package that apt knows, installs nothing, and makes
# an initramfs with the few modules that the VM needs. What cannot be had says why, on stderr and in
# the cache; tests/vm/host/kernels.ts reads it there.
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
PATH=$PATH:/sbin:/usr/sbin
kernel=$1
case $kernel in
  debian-5.10) package='^linux-image-5\.10\.0-[0-9]+-amd64$' ;;
  debian-6.1) package='^linux-image-6\.1\.0-[0-9]+-amd64$' ;;
  debian-6.12) package='^linux-image-6\.12\.[^-]+-amd64$' ;;
  *)
    echo "Cannot get the kernel \"$kernel\": it is none of debian-5.10, debian-6.1, debian-6.12" >&2
    exit 2
    ;;
esac
# what each module needs besides is looked up
modules='virtio_pci virtio_blk ext4 9pnet_virtio 9p zram loop'

cache=${VMDIR:-${XDG_CACHE_HOME:-$HOME/.cache}/etmem-vm}
made=$cache/kernel-$kernel
made_by=$(cat "$0" "$top/tests/vm/initramfs.sh" | cksum)
[ "$(cat "$made/made-by" 2>/dev/null)" = "$made_by" ] && exit 0

mkdir -p "$cache"
work=$(mktemp -d "$cache/kernel-$kernel.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

fail() {
  echo "$*" >"$made.missing"
  echo "Cannot get the kernel \"$kernel\": $*" >&2
  exit 1
}

# fetch PACKAGE: unpacks it into a folder "unpacked".
fetch() {
  (cd "$work" && apt-get download -q "$1" >log 2>&1) || {
    cat "$work/log" >&2
    fail "apt-get cannot download $1"
  }
  dpkg-deb -x "$work"/"$1"_*.deb "$work/unpacked"
  rm "$work"/"$1"_*.deb
}

for program in apt-get dpkg-deb depmod modprobe cpio xz; do
  command -v $program >/dev/null || fail "there is no $program on this host"
done
name=$(apt-cache pkgnames linux-image- | grep -E "$package" | sort -V | tail -n 1)
[ -n "$name" ] || fail "apt knows no package $package"
echo "getting the kernel $name for the test VM"
fetch "$name"
fetch busybox-static

version=${name#linux-image-}
depmod -b "$work/unpacked" "$version"
root=$work/initramfs
mkdir -p "$root/bin" "$root/modules" "$root/proc" "$root/dev" "$root/root" "$work/made"
for module in $modules; do
  modprobe -d "$work/unpacked" -S "$version" -D "$module" >>"$work/loads" 2>"$work/log" ||
    fail "$name has no module $module: $(cat "$work/log")"
done
# "insmod PATH" or "builtin NAME", often the same ones again
awk '$1 == "insmod" && !seen[$2]++ { print $2 }' "$work/loads" | while read -r path; do
  file=$(basename "$path" .xz)
  case $path in *.xz) xz -dc "$path" ;; *) cat "$path" ;; esac >"$root/modules/$file"
  echo "$file" >>"$root/modules/order"
done
cp "$work/unpacked/bin/busybox" "$root/bin/busybox"
install -m 755 "$top/tests/vm/initramfs.sh" "$root/init"
(cd "$root" && find . | cpio --quiet -o -H newc -R 0:0 >"$work/made/vmlinuz.initrd")

# A kernel packed with xz takes 10 s to unpack itself in the VM. QEMU starts an unpacked one, too:
# the fields setup_sects, payload_offset and payload_length say where it lies (x86/boot.rst).
image=$work/unpacked/boot/vmlinuz-$version
number() { od -A n -t "u$2" -j "$1" -N "$2" "$image" | tr -d ' '; }
payload=$((($(number 497 1) + 1) * 512 + $(number 584 4)))
packed() { tail -c "+$((payload + 1))" "$image" | head -c "$(number 588 4)"; }
if [ "$(packed | head -c 5 | tail -c 4)" = 7zXZ ]; then
  # four bytes with the size follow the archive
  packed | head -c -4 | xz -dc >"$work/made/vmlinuz" || fail "$name cannot be unpacked"
else
  cp "$image" "$work/made/vmlinuz"
fi
cp "$work/unpacked/boot/config-$version" "$work/made/config"
echo "$made_by" >"$work/made/made-by"
rm -rf "$made" "$made.missing"
mv "$work/made" "$made"
