#!/bin/bash
# boot.sh OUT NAME:SECONDS...: runs scenarios inside the VM one after the other, each in a process
# and a control group of its own, with a deadline, and puts the machine back as it was after each.
# Prints what the driver prints; where it was killed or crashed, `not ok NAME: reason`. The server's
# log goes to OUT/NAME.log, and so does what the driver writes to standard error.
set -u
out=$1
shift
bin=/tmp/bin
group=/sys/fs/cgroup/scenario
mkdir -p $bin $group
# on the nodes without a CPU, so that the others have room for a
# target before their kswapd begins to age pages
mount -t tmpfs -o mpol=bind:2-3 tmpfs $bin
cp /host/bin/* $bin/
ln -s etmem $bin/etmemd
export PATH=$bin:$PATH
# as systemd does; the etmem kernel has none
mount -t securityfs securityfs /sys/kernel/security 2>/dev/null
# free pages that a CPU keeps for itself are not in a node's count of free ones:
# by default up to 33 MiB a CPU here
echo 1000000 > /proc/sys/vm/percpu_pagelist_high_fraction

clean_up() {
  for _ in $(seq 100); do
    # cgroup.kill came with Linux 5.14
    { echo 1 > $group/cgroup.kill; } 2>/dev/null || xargs -r kill -KILL < $group/cgroup.procs
    read -r _ populated < <(grep populated $group/cgroup.events)
    [ "$populated" = 0 ] && break
    sleep 0.1
  done
  if [ -d /sys/fs/cgroup/limited ]; then
    echo 1 > /sys/fs/cgroup/limited/cgroup.kill
    until rmdir /sys/fs/cgroup/limited 2> /dev/null; do sleep 0.1; done
  fi
  swapoff -a
  echo 1 > /sys/block/zram0/reset
  losetup -D
  if [ -e /sys/module/etmem_abi ]; then
    echo true > /sys/kernel/mm/swap/kernel_swap_enable
    echo Y > /sys/module/etmem_abi/parameters/fold_idle
  fi
  echo 32768 > /proc/sys/kernel/pid_max
  echo 0 > /proc/sys/vm/overcommit_memory
  for pool in /sys/devices/system/node/node*/hugepages/hugepages-2048kB/nr_hugepages; do echo 0 > "$pool"; done
  find /tmp -mindepth 1 -maxdepth 1 ! -path $bin -exec rm -rf {} +
  rm -f /dev/log /dev/kvm /run/etmemd.pid
}

for item in "$@"; do
  name=${item%:*}
  seconds=${item#*:}
  log=$out/$name.log
  (
    echo $BASHPID > $group/cgroup.procs
    syslog_sink >> "$log" 2>&1 &
    exec timeout -k 5 "$seconds" guest "$name" 2>> "$log"
  )
  status=$?
  case $status in
    0 | 1) ;;
    124 | 137) echo "not ok $name: not done after $seconds s" ;;
    *) echo "not ok $name: the driver ended with status $status" ;;
  esac
  clean_up
done
