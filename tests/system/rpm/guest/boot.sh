#!/bin/bash
# boot.sh OUT NAME:SECONDS...: runs scenarios inside a VM that has booted systemd, one after the
# other, each in a process of its own with a deadline. Prints what the driver prints; where it was
# killed or crashed, `not ok NAME: reason`. What the driver writes to standard error, and the
# journal, goes to OUT/NAME.log.
set -u
out=$1
shift
bin=/tmp/bin
mkdir -p $bin
cp /host/bin/* $bin/
for item in "$@"; do
  name=${item%:*}
  seconds=${item#*:}
  log=$out/$name.log
  timeout -k 5 "$seconds" $bin/guest "$name" 2>> "$log"
  status=$?
  case $status in
    0 | 1) ;;
    124 | 137) echo "not ok $name: not done after $seconds s" ;;
    *) echo "not ok $name: the driver ended with status $status" ;;
  esac
  [ $status = 0 ] || journalctl --no-pager -n 100 >> "$log" 2>&1
done
