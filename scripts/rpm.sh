#!/bin/sh
# rpm.sh [RPMBUILD OPTIONS]: builds the packages of packaging/etmem.spec from the commit that is
# checked out, into dist/rpm (npm run rpm). Works on a fresh clone. Environment: RPMBUILD, for
# example "unshare -n rpmbuild".
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top"
exec </dev/null
sh scripts/setup.sh c rpm
sh scripts/with_bun.sh packaging/sources/main.ts
# Where packages are not rpms, rpm does not know what is installed.
if command -v dpkg >/dev/null; then set -- --nodeps --define "_dbpath $top/dist/rpm/db" "$@"; fi
# Outside of the working tree, where the tests of the unpacked sources would be found as well.
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT
trap 'exit 1' HUP INT TERM
# shellcheck disable=SC2086 # a command and its options
${RPMBUILD:-rpmbuild} -bb --define "_topdir $top/dist/rpm" --define "_sourcedir $top/dist" --define "_builddir $build" "$@" \
  dist/etmem.spec
