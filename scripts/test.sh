#!/bin/sh
# test.sh [FILE...]: the unit and integration tests, all or those of the named files or folders.
# Works on a fresh clone. The last line is "N passed, N failed".
set -u
top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top" || exit 1
sh scripts/setup.sh c glib engine cxx man shells tmux || exit 1
if ! command -v promtool >/dev/null; then
  sh scripts/unpack_packages.sh node_modules/.cache/etmem/prometheus "$(dpkg --print-architecture 2>/dev/null)" prometheus ||
    echo "test: left out, since there is no Prometheus: that it understands the metrics" >&2
fi
npm run --silent build </dev/null || {
  echo "0 passed, 1 failed"
  exit 1
}
output=$(mktemp) || exit 1
trap 'rm -f "$output" "$output.status"' EXIT
[ $# -gt 0 ] || set -- tests

# The limit of a test ends only what hangs: what takes 20 s alone
# takes more than a minute beside other work.
{
  NO_COLOR=1 sh scripts/with_bun.sh test --timeout 300000 --only-failures "$@" </dev/null 2>&1
  echo $? >"$output.status"
} | tee "$output"
status=$(cat "$output.status")

# What bun prints in its summary: " 12 pass", " 0 fail", " 1 error".
sum() { awk -v word="$1" '$2 == word || $2 == word "s" { n = $1 } END { print n + 0 }' "$output"; }
passed=$(sum pass)
failed=$(($(sum fail) + $(sum error)))
# a crash, a time-out of everything, nothing found: no count says so
[ "$status" = 0 ] && [ "$passed" -gt 0 ] || [ "$failed" -gt 0 ] || failed=1
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
