#!/bin/bash
# mkrootfs.sh [minbase|systemd]: builds a Debian bookworm root image for the test VM,
# $VMDIR/rootfs-<variant>.ext4 (VMDIR defaults to ~/.cache/etmem-vm); a minute or two, once.
# Needs root and: apt-get install -y --no-install-recommends debootstrap e2fsprogs
# PKGS="a b" adds packages.
set -euo pipefail
V=${1:-minbase}
HERE=$(cd "$(dirname "$0")" && pwd)
D=${VMDIR:-${XDG_CACHE_HOME:-$HOME/.cache}/etmem-vm}
mkdir -p "$D"
R=$D/root-$V
ADD=procps,kmod,numactl,util-linux,iproute2,strace,libglib2.0-0,python3-minimal${PKGS:+,${PKGS// /,}}
case $V in
  minbase) ADD=$ADD,redis-server,stress-ng ;;
  systemd) ADD=$ADD,systemd,systemd-sysv,dbus ;;
  *) echo "mkrootfs.sh: unknown variant $V" >&2; exit 2 ;;
esac
if [ "$(cat "$R/.done" 2>/dev/null)" != "$ADD" ]; then
  rm -rf "$R"
  debootstrap --variant=minbase --include="$ADD" bookworm "$R" ${MIRROR:+"$MIRROR"}
  rm -rf "$R"/var/cache/apt/* "$R"/var/lib/apt/lists/* "$R"/usr/share/{doc,man,locale,info,zoneinfo}
  sed -i 's/^root:[^:]*:/root::/' "$R/etc/shadow"
  echo etmem-vm > "$R/etc/hostname"
  : > "$R/etc/fstab"
  mkdir -p "$R/host"
  echo "$ADD" > "$R/.done"
fi
install -m 755 "$HERE/vm-init.sh" "$R/sbin/vm-init"
if [ "$V" = systemd ]; then
  cat > "$R/etc/systemd/system/vm-script.service" <<'U'
[Unit]
Description=run the host script
After=basic.target dbus.service
[Service]
Type=oneshot
StandardOutput=tty
StandardError=tty
TTYPath=/dev/ttyS0
ExecStart=/sbin/vm-init --from-systemd
[Install]
WantedBy=multi-user.target
U
  mkdir -p "$R/etc/systemd/system/multi-user.target.wants"
  ln -sf ../vm-script.service "$R/etc/systemd/system/multi-user.target.wants/vm-script.service"
  ln -sf /lib/systemd/system/multi-user.target "$R/etc/systemd/system/default.target"
  for u in serial-getty@ttyS0.service getty@tty1.service systemd-networkd.service systemd-resolved.service systemd-timesyncd.service apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer fstrim.timer dpkg-db-backup.timer systemd-logind.service; do
    ln -sf /dev/null "$R/etc/systemd/system/$u"
  done
fi
# ext4 image, sparse, made straight from the directory (no loop mount)
SZ=$(( $(du -sm "$R" | cut -f1) * 13 / 10 + 128 ))M
rm -f "$D/rootfs-$V.ext4.new"
mke2fs -q -t ext4 -O ^has_journal -L vmroot -d "$R" "$D/rootfs-$V.ext4.new" "$SZ"
mv "$D/rootfs-$V.ext4.new" "$D/rootfs-$V.ext4"
# which scripts it was made by: a changed one makes the image stale
cat "$HERE/mkrootfs.sh" "$HERE/vm-init.sh" | cksum > "$D/rootfs-$V.made-by"
ls -ls "$D/rootfs-$V.ext4"
