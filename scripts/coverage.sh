#!/bin/sh
# coverage.sh [FILE...]: runs the tests, all or those of the named files or folders, on a copy that
# counts which lines of src and ffi are executed (npm run coverage), see
# tests/tools/coverage/main.ts. The last line is "N passed, N failed", a file each.
set -u
top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top" || exit 1
sh scripts/setup.sh c glib engine || exit 1
exec sh scripts/with_bun.sh tests/tools/coverage/main.ts "$@" </dev/null
