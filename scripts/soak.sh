#!/bin/sh
# soak.sh [--seconds N] [--seed N]: builds, then the soak of tests/system/soak (npm run soak): an
# hour, or so many seconds. Needs root. The last line is "N passed, N failed".
set -u
top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top" || exit 1
sh scripts/setup.sh c || exit 1
npm run --silent build </dev/null || {
  echo "0 passed, 1 failed"
  exit 1
}
exec sh scripts/with_bun.sh tests/system/soak/main.ts "$@"
