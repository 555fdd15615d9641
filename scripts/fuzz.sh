#!/bin/sh
# fuzz.sh [OPTION...]: fuzzes the parsers (npm run fuzz), see tests/tools/fuzz/main.ts for the
# options. Works on a fresh clone. The last line is "N passed, N failed".
set -u
top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top" || exit 1
sh scripts/setup.sh c glib || exit 1
exec sh scripts/with_bun.sh tests/tools/fuzz/main.ts "$@" </dev/null
