#!/bin/busybox sh
# shellcheck shell=dash
# /init of the initramfs of a stock kernel (../../scripts/vm_kernel.sh): loads the modules beside
# it in the order of their list, and hands over to the init of the root file system.
busybox mount -t proc proc /proc
busybox mount -t devtmpfs devtmpfs /dev
while read -r module; do
  busybox insmod "/modules/$module" || echo "initramfs: cannot load $module"
done </modules/order
read -r line </proc/cmdline
for word in $line; do
  case $word in init=*) init=${word#init=} ;; esac
done
: "${init:=/sbin/init}"
busybox mount -t ext4 /dev/vda /root || echo "initramfs: cannot mount /dev/vda"
busybox umount /proc
busybox mount --move /dev /root/dev
exec busybox switch_root /root "$init"
