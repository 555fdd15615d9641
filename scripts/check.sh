#!/bin/sh
# check.sh: format, lint, types, unused code, layering, generated documents.
# The last line is "N passed, N failed".
set -u
top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top" || exit 1
sh scripts/setup.sh lint || exit 1
# shellcheck source=scripts/tally.sh
. scripts/tally.sh
bin=node_modules/.bin

# shellcheck disable=SC2317
deno() {
  for arch in x64 arm64; do
    program=$top/node_modules/@deno/linux-$arch-glibc/deno
    [ -x "$program" ] && DENO_NO_UPDATE_CHECK=1 NO_COLOR=1 "$program" "$@" && return
    [ -x "$program" ] && return 1
  done
  echo "there is no deno in node_modules/@deno"
  return 1
}

shell_scripts() {
  git ls-files '*.sh' .ci/run packaging | while read -r file; do
    case $(head -n 1 "$file") in '#!/bin/sh'* | '#!/bin/bash'* | '# shellcheck shell='*) echo "$file" ;; esac
  done
}

# deno fmt leaves comments as they are; a string may be longer
long_comments() {
  ! git ls-files '*.ts' '*.c' '*.h' '*.sh' .ci/run | xargs grep -nE '^.{101,}' |
    grep -E '^[^:]+:[0-9]+:[[:space:]]*(//|/\*|\*( |/|$)|# )|[;,{)] +(// |/\*.*\*/$)'
}

step format deno fmt --check
step comments long_comments
step lint deno lint
step types "$bin/tsc" --noEmit
step oxlint "$bin/oxlint" --type-aware --deny-warnings
step unused "$bin/knip" --no-progress
# what only tests and benchmarks use has to be tagged @internal
step production "$bin/knip" --no-progress --production
step layering sh scripts/with_bun.sh tests/tools/layering/main.ts
step docs sh scripts/with_bun.sh packaging/docs/main.ts --check
if command -v shellcheck >/dev/null; then
  # shellcheck disable=SC2046
  step shell shellcheck -x -S warning $(shell_scripts)
else
  echo "left out: shell (there is no shellcheck)"
fi
finish
