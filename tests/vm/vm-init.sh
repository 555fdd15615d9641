#!/bin/bash
# /sbin/vm-init: PID 1 of the test VM (or a oneshot service with --from-systemd).
# Mounts the host share, runs the script named by vm.script=, prints
# "@@VM-EXIT <status>@@" on the console and powers off.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C TERM=dumb
if [ "$1" != --from-systemd ]; then
  mountpoint -q /proc || mount -t proc proc /proc
  mountpoint -q /sys || mount -t sysfs sysfs /sys
  mountpoint -q /dev || mount -t devtmpfs devtmpfs /dev
  mkdir -p /dev/pts /dev/shm
  mount -t devpts devpts /dev/pts 2>/dev/null
  mount -t tmpfs tmpfs /dev/shm
  mkdir -p /dev/mqueue && mount -t mqueue mqueue /dev/mqueue 2>/dev/null
  mkdir -p /dev/hugepages && mount -t hugetlbfs hugetlbfs /dev/hugepages 2>/dev/null
  mount -t tmpfs tmpfs /run
  mount -t tmpfs tmpfs /tmp
  mkdir -p /sys/fs/cgroup && mount -t cgroup2 cgroup2 /sys/fs/cgroup 2>/dev/null
  mount -t debugfs debugfs /sys/kernel/debug 2>/dev/null
  [ -e /dev/fd ] || ln -s /proc/self/fd /dev/fd
  ip link set lo up 2>/dev/null
  hostname etmem-vm 2>/dev/null || echo etmem-vm > /proc/sys/kernel/hostname
fi
read -r cmdline < /proc/cmdline
for a in $cmdline; do case $a in vm.script=*) SCRIPT=${a#*=};; esac; done
mkdir -p /host
mountpoint -q /host || mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144,cache=none,access=any hostshare /host || echo "vm-init: cannot mount host share"
echo "@@VM-START $(cut -d' ' -f1 /proc/uptime)@@"
cd /host || exit
if [ -n "$SCRIPT" ] && [ -e "/host/$SCRIPT" ]; then
  if [ -x "/host/$SCRIPT" ]; then
    ( exec setsid "/host/$SCRIPT" ) </dev/null 2>&1; rc=$?
  else
    ( exec setsid bash "/host/$SCRIPT" ) </dev/null 2>&1; rc=$?
  fi
else
  echo "vm-init: no /host/$SCRIPT"; rc=127
fi
cd /
sync
echo "@@VM-EXIT $rc@@"
sync
# reboot(LINUX_REBOOT_CMD_POWER_OFF); perl-base is essential in Debian
perl -e 'select(undef,undef,undef,0.05); syscall(169, 0xfee1dead, 672274793, 0x4321fedc)'
sleep 1
echo b > /proc/sysrq-trigger
sleep 60
