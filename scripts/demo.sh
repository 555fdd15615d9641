#!/bin/sh
# demo.sh: installs, builds and shows etmemd at work (npm run demo). Needs root.
set -u
top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top" || exit 1
if [ "$(id -u)" != 0 ]; then
  echo "Cannot run the demo: it needs root" >&2
  exit 1
fi
case " $* " in
  *" --own-store "*) sh scripts/setup.sh || exit 1 ;;
  *) sh scripts/setup.sh redis || exit 1 ;;
esac
npm run --silent build </dev/null || exit 1
exec sh scripts/with_bun.sh demo/main.ts "$@"
