#!/bin/bash
# run.sh KERNEL SCRIPT [args...]
# Boots KERNEL in QEMU, runs SCRIPT (a file on the host) as root inside the VM and
# exits with SCRIPT's status (124 timeout, 125 VM died without reporting a status).
# The directory SCRIPT lies in (or $SHARE) is mounted read-write at /host (9p).
# The root file system is thrown away after the run (snapshot).
# Environment:
#   SHARE=dir      host directory to share (SCRIPT must lie inside it)
#   ROOTFS=img     ext4 root image (default minbase of mkrootfs.sh in $VMDIR, ~/.cache/etmem-vm)
#   INIT=path      init                 (default /sbin/vm-init; /sbin/init for the systemd image)
#   INITRD=file    initrd               (default KERNEL.initrd where that exists)
#   MEM=MiB        memory, split over 4 NUMA nodes (default 3072)   SMP=n (default 2)
#   LA57=on        page tables of five levels (default off)
#   CPU=model      (default max,la57=$LA57,erms=off,fsrm=off under tcg, which is slow with rep movsb
#                  and stosb)   ACCEL=tcg,thread=multi
#   APPEND=...     more kernel command line           DISK=file  second disk (/dev/vdb), kept
#   TIMEOUT=s      wall limit (default 600)
#   LOG=file       console log (default: a file in /tmp, which stays when something fails)
#   VERBOSE=1      show kernel messages               QEMU_EXTRA="..." more qemu arguments
set -u
D=$(cd "$(dirname "$0")" && pwd)
CACHE=${VMDIR:-${XDG_CACHE_HOME:-$HOME/.cache}/etmem-vm}
[ $# -ge 2 ] || { sed -n '2,23p' "$0" >&2; exit 2; }
KERNEL=$(readlink -f "$1"); SCRIPT=$(readlink -f "$2")
SHARE=$(readlink -f "${SHARE:-$(dirname "$SCRIPT")}")
case $SCRIPT in "$SHARE"/*) REL=${SCRIPT#"$SHARE"/};; *) echo "run.sh: $SCRIPT is not inside $SHARE" >&2; exit 2;; esac
ROOTFS=${ROOTFS:-$CACHE/rootfs-minbase.ext4}
[ -e "$ROOTFS" ] || { echo "run.sh: no root image $ROOTFS (make it with $D/mkrootfs.sh)" >&2; exit 2; }
INIT=${INIT:-}; [ -n "$INIT" ] || case $ROOTFS in *systemd*) INIT=/sbin/init;; *) INIT=/sbin/vm-init;; esac
INITRD=${INITRD:-}; [ -n "$INITRD" ] || { [ -e "$KERNEL.initrd" ] && INITRD=$KERNEL.initrd; }
MEM=${MEM:-3072}; SMP=${SMP:-2}; N=$((MEM / 4))
ACCEL=${ACCEL:-tcg,thread=multi}
case $ACCEL in tcg*) CPU=${CPU:-max,la57=${LA57:-off},erms=off,fsrm=off};; *) CPU=${CPU:-host,-arch-capabilities};; esac
KEPT=${LOG:-}; LOG=${LOG:-$(mktemp /tmp/vm-console.XXXXXX)}
if [ -n "${VERBOSE:-}" ]; then LL="loglevel=7"; else LL="quiet loglevel=3"; fi
A="console=ttyS0 root=/dev/vda rw rootfstype=ext4 init=$INIT panic=-1 nokaslr mitigations=off no_timer_check random.trust_cpu=on net.ifnames=0 systemd.show_status=0 vm.script=$REL $LL ${APPEND:-}"
# shellcheck disable=SC2054
ARGS=(-accel "$ACCEL" -cpu "$CPU" -smp "$SMP,sockets=$SMP,cores=1,threads=1" -m "$MEM" -display none -monitor none -no-reboot -nodefaults -serial stdio
  -kernel "$KERNEL" -append "$A"
  -drive "file=$ROOTFS,format=raw,if=virtio,snapshot=on"
  -fsdev "local,id=hs,path=$SHARE,security_model=none,multidevs=remap"
  -device virtio-9p-pci,fsdev=hs,mount_tag=hostshare
  -device virtio-rng-pci)
[ -n "$INITRD" ] && ARGS+=(-initrd "$INITRD")
for i in 0 1 2 3; do
  ARGS+=(-object "memory-backend-ram,id=m$i,size=${N}M")
  # CPUs live on nodes 0 and 1; nodes 2 and 3 are memory only ("slow" tiers)
  case $i in
    0) c=,cpus=0-$(( (SMP+1)/2 - 1 ));;
    1) [ "$SMP" -gt 1 ] && c=,cpus=$(( (SMP+1)/2 ))-$((SMP-1)) || c=;;
    *) c=;;
  esac
  ARGS+=(-numa "node,nodeid=$i$c,memdev=m$i")
done
for p in "0 1 20" "0 2 30" "0 3 40" "1 2 40" "1 3 30" "2 3 50"; do
  # shellcheck disable=SC2086
  set -- $p
  ARGS+=(-numa "dist,src=$1,dst=$2,val=$3"); done
[ -n "${DISK:-}" ] && ARGS+=(-drive "file=$DISK,format=raw,if=virtio")
# shellcheck disable=SC2206
[ -n "${QEMU_EXTRA:-}" ] && ARGS+=($QEMU_EXTRA)
T0=$(date +%s.%N)
timeout --foreground -k 5 "${TIMEOUT:-600}" qemu-system-x86_64 "${ARGS[@]}" </dev/null 2>"$LOG.err" |
  stdbuf -oL tr -d '\r' | tee "$LOG" |
  while IFS= read -r l; do
    case $l in *@@VM-START*) printf '%s\n' "[run.sh] script started $(echo "$(date +%s.%N) $T0" | awk '{printf "%.2f", $1-$2}') s after qemu start; guest uptime ${l##*@@VM-START }" | tr -d @ ;;
      *@@VM-EXIT*|*'reboot: Power down'*) ;; *) printf '%s\n' "$l";; esac
  done
QRC=${PIPESTATUS[0]}
[ -s "$LOG.err" ] && sed 's/^/[qemu] /' "$LOG.err" >&2
RC=$(sed -n 's/.*@@VM-EXIT \([0-9]*\)@@.*/\1/p' "$LOG" | tail -1)
echo "[run.sh] total $(echo "$(date +%s.%N) $T0" | awk '{printf "%.2f", $1-$2}') s, qemu status $QRC, script status ${RC:-none}, log $LOG"
[ -z "$KEPT" ] && [ "$RC" = 0 ] && rm -f "$LOG" "$LOG.err"
if [ -z "$RC" ]; then [ "$QRC" = 124 ] && exit 124; exit 125; fi
exit "$RC"
