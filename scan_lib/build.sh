#!/bin/sh
# Builds libetmemd_scan.so with a C compiler alone, and installs it for engine authors.
#
#   build.sh DIR          builds DIR/libetmemd_scan.so
#   build.sh DIR install  installs it from DIR with the headers and the pkg-config file
#
# Environment: CC CFLAGS LDFLAGS; VERSION (of the pkg-config file, default that of package.json);
# DESTDIR PREFIX (/usr) LIBDIR ($PREFIX/lib, or $PREFIX/lib64 where gcc says so) INCLUDEDIR
# ($PREFIX/include)
set -eu
here=$(cd "$(dirname "$0")" && pwd)
[ $# -ge 1 ] && [ $# -le 2 ] || { sed -n '2,9s/^# \{0,1\}//p' "$0" >&2; exit 2; }
out=$1
mode=${2:-build}

build() {
  mkdir -p "$out"
  # shellcheck disable=SC2086 # the flags are lists
  ${CC:-cc} -std=c11 -D_POSIX_C_SOURCE=200809L ${CFLAGS:--O2 -g -D_FORTIFY_SOURCE=2} \
    -Wall -Wextra -Werror -fPIC -fvisibility=hidden -fstack-protector-strong \
    -I"$here/include" -I"$here/src" -shared -o "$out/libetmemd_scan.so" "$here"/src/*.c \
    -Wl,-soname,libetmemd_scan.so -Wl,--version-script,"$here/libetmemd_scan.map" \
    -Wl,-z,defs -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack ${LDFLAGS:-}
}

# ../lib64 on openEuler and Fedora, where /usr/lib is not searched for libraries of 64 bits;
# ../lib on Debian
library_folder() {
  basename "$(${CC:-cc} -print-multi-os-directory 2>/dev/null || echo lib)"
}

install_all() {
  prefix=${PREFIX:-/usr}
  libdir=${LIBDIR:-$prefix/$(library_folder)}
  includedir=${INCLUDEDIR:-$prefix/include}
  version=${VERSION:-$(sed -n 's/^  "version": "\(.*\)",$/\1/p' "$here/../package.json")}
  root=${DESTDIR:-}
  mkdir -p "$root$libdir/pkgconfig" "$root$includedir"
  install -m 0755 "$out/libetmemd_scan.so" "$root$libdir/"
  install -m 0644 "$here"/include/*.h "$root$includedir/"
  sed -e "s|@PREFIX@|$prefix|" -e "s|@LIBDIR@|$libdir|" -e "s|@INCLUDEDIR@|$includedir|" \
    -e "s|@VERSION@|$version|" "$here/libetmemd_scan.pc.in" > "$root$libdir/pkgconfig/libetmemd_scan.pc"
}

case $mode in
  build) build ;;
  install) install_all ;;
  *) echo "build.sh: Cannot do \"$mode\": it is neither nothing nor install" >&2; exit 2 ;;
esac
