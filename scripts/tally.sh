# shellcheck shell=sh
# tally.sh, to be sourced: counts the steps of a script whose last line is "N passed, N failed".
passed=0
failed=0

# step NAME COMMAND...: runs it; its output is shown when it fails.
step() {
  name=$1
  shift
  output=$(mktemp) || exit 1
  if "$@" >"$output" 2>&1 </dev/null; then
    passed=$((passed + 1))
    echo "ok $name"
  else
    failed=$((failed + 1))
    cat "$output"
    echo "not ok $name"
  fi
  rm -f "$output"
}

# finish: prints the sums; ends with status 1 unless something passed and nothing failed.
finish() {
  echo "$passed passed, $failed failed"
  [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
  exit $?
}
