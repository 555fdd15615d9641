#!/bin/sh
# enter.sh FOLDER COMMAND...: runs a command where programs of aarch64 run as if they were this
# machine's, by qemu-user. A user namespace of its own holds all of it (binfmt_misc is one for each
# since Linux 6.7), so that nothing of it is left on the machine:
#
#   binfmt_misc   aarch64 executables are run by qemu-aarch64-static, and keep their argv[0]
#   /usr/lib      has the C library of aarch64 (libc6-arm64-cross) besides, and FOLDER/root/usr/lib
#   gcc, cc       compile for aarch64, by FOLDER/bin
#   dist          is dist/aarch64; tests/.cache is FOLDER/cache, /run is empty
#
# User and group ids are kept when it is run by root.
set -u
top=$(cd "$(dirname "$0")/../../.." && pwd)
folder=$1

inside() {
  set -e
  shift
  mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc
  # the first 20 bytes of an ELF executable: 64 bits, little-endian, ET_EXEC or ET_DYN,
  # EM_AARCH64 (183)
  magic='\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00'
  mask='\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff'
  printf '%s' ":aarch64:M::$magic:$mask:$(command -v qemu-aarch64-static):PF" >/proc/sys/fs/binfmt_misc/register
  mkdir -p "$folder/root/usr/lib" "$folder/cache" "$top/tests/.cache"
  mount -t overlay overlay -o "lowerdir=$folder/root/usr/lib:/usr/aarch64-linux-gnu/lib:/usr/lib" /usr/lib
  mount --bind "$folder/cache" "$top/tests/.cache"
  mount -t tmpfs -o mode=755 tmpfs /run
  [ ! -d "$top/dist/aarch64" ] || mount --bind "$top/dist/aarch64" "$top/dist"
  PATH="$folder/bin:$PATH" exec "$@"
}

# The second call of this script, inside the namespace, waits until the ids are mapped;
# the third has the rights.
case ${ENTER_ARM64-} in
  '')
    own=$(readlink /proc/$$/ns/user)
    ENTER_ARM64=unmapped unshare --user --mount sh "$0" "$@" &
    child=$!
    while [ "$(readlink "/proc/$child/ns/user")" = "$own" ]; do sleep 0.02; done
    map='0 0 4294967295'
    [ "$(id -u)" = 0 ] || map="0 $(id -u) 1"
    if kill -0 "$child" 2>/dev/null; then
      { echo "$map" >"/proc/$child/uid_map" && echo "$map" >"/proc/$child/gid_map"; } || kill "$child"
    fi
    wait "$child"
    exit
    ;;
  unmapped)
    until grep -q . /proc/self/gid_map; do sleep 0.02; done
    ENTER_ARM64=mapped exec sh "$0" "$@"
    ;;
  mapped)
    unset ENTER_ARM64
    inside "$@"
    ;;
esac
