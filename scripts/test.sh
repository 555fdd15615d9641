#!/bin/sh
# test.sh [FILE...]: the unit and integration tests, all or those of the named files or folders.
# Works on a fresh clone. The last line is "N passed, N failed".
#
# All tests run as three sets side by side, since most of them wait most of the time: those that use
# swap space, of which the machine has one, and two of others. Each set has a PID namespace, since
# tests look for processes by name; where the host has no such namespaces, one set follows another.
# Those that make a zram device which the kernel takes first, and count what it holds, come last.
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
work=$(mktemp -d) || exit 1
end_all() {
  for file in "$work"/*.pid; do
    [ ! -f "$file" ] || kill -KILL "$(cat "$file")" 2>/dev/null
  done
  wait
  rm -rf "$work"
}
trap end_all EXIT
trap 'exit 1' HUP INT TERM

# set_of_tests NAME FILE...: prints what they print and keeps it in $work/NAME, and how they ended.
# To be run in the background: while the shell waits for it, it takes signals.
# The limit of a test ends only what hangs: what takes 20 s alone takes more than a minute beside
# other work. A shell is the first process of the namespace: it takes note of orphans that end.
set_of_tests() {
  name=$1
  shift
  {
    # shellcheck disable=SC2086,SC2016 # words, which the shell that is started expands
    NO_COLOR=1 $in_namespace sh -c '"$@"; exit $?' tests \
      sh scripts/with_bun.sh test --timeout 300000 --only-failures "$@" </dev/null 2>&1 &
    echo $! >"$work/$name.pid"
    wait $!
    echo $? >"$work/$name.status"
    rm "$work/$name.pid"
  } | tee "$work/$name"
}

# What bun prints in its summary: " 12 pass", " 0 fail", " 1 error".
sum() { awk -v word="$1" '$2 == word || $2 == word "s" { n = $1 } END { print n + 0 }' "$work/$2"; }

passed=0
failed=0
# count NAME: adds up what a set printed.
count() {
  passes=$(sum pass "$1")
  failures=$(($(sum fail "$1") + $(sum error "$1")))
  # a crash, a time-out of everything, nothing found: no count says so
  [ "$(cat "$work/$1.status")" = 0 ] && [ "$passes" -gt 0 ] || [ "$failures" -gt 0 ] || failures=1
  passed=$((passed + passes))
  failed=$((failed + failures))
}

in_namespace=
if [ $# -gt 0 ]; then
  set_of_tests named "$@" &
  wait
  count named
else
  in_namespace="unshare --pid --fork --mount-proc --kill-child"
  $in_namespace true 2>/dev/null || in_namespace=
  find tests -name '*.test.ts' | LC_ALL=C sort >"$work/all"
  # shellcheck disable=SC2046 # names without blanks
  grep -l 'temporary_zram\.ts' $(cat "$work/all") >"$work/last_files"
  # shellcheck disable=SC2046
  grep -lE 'temporary_swap\.ts|/demo/' $(cat "$work/all") >"$work/swap_files"
  grep -vxF -f "$work/swap_files" -f "$work/last_files" "$work/all" | awk -v work="$work" '{ print >work "/other_files" NR % 2 }'
  for i in 0 1; do
    # shellcheck disable=SC2046
    set_of_tests other$i $(cat "$work/other_files$i") >"$work/later$i" &
    [ -n "$in_namespace" ] || wait
  done
  # shellcheck disable=SC2046
  set_of_tests swap $(cat "$work/swap_files") &
  wait
  cat "$work/later0" "$work/later1"
  # shellcheck disable=SC2046
  set_of_tests last $(cat "$work/last_files") &
  wait
  for name in swap other0 other1 last; do count $name; done
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
