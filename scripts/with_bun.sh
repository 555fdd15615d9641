#!/bin/sh
# with_bun.sh ARGS...: runs the pinned Bun of node_modules. Keeps standard input, output and status.
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
for dir in bun-linux-x64-baseline bun-linux-aarch64; do
  bun=$top/node_modules/@oven/$dir/bin/bun
  [ -x "$bun" ] && exec "$bun" "$@"
done
echo "with_bun.sh: no Bun in $top/node_modules/@oven: run 'npm ci' first" >&2
exit 1
