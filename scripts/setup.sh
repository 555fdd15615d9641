#!/bin/sh
# setup.sh [c] [glib] [engine] [cxx] [arm64] [lint] [man] [shells] [vm] [redis] [rpm] [tmux]: makes
# a fresh clone ready on a host that has only Node.js and npm. Installs what package-lock.json pins,
# when it is missing or older than the lock file, and the named system packages: a C compiler, GLib,
# what authors of engines need, what else the C library is checked with (a C++ compiler and
# valgrind), what builds and runs programs of aarch64, shellcheck, man(1), bash and zsh, the test
# VM's programs, a Redis server, rpmbuild with rpmlint, tmux.
# System packages need root; without it, or where the package manager has none, that part is left
# out with the reason on stderr, and status 0: whoever needs it fails by itself.
# Reads no standard input.
set -u
top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top" || exit 1
exec </dev/null

say() { echo "setup: $*" >&2; }

# quietly COMMAND...: shows the command's output only when it fails.
quietly() {
  log=$(mktemp) || return 1
  "$@" >"$log" 2>&1
  status=$?
  [ $status -eq 0 ] || cat "$log" >&2
  rm -f "$log"
  return $status
}

locked=node_modules/.package-lock.json
if [ ! -e $locked ] || [ -n "$(find package-lock.json -newer $locked)" ] || ! sh scripts/with_bun.sh --version >/dev/null 2>&1; then
  if ! command -v npm >/dev/null; then
    say "Cannot install node_modules: there is no npm on this host"
    exit 1
  fi
  say "npm ci"
  quietly npm ci --no-audit --no-fund --loglevel=error || exit 1
fi

# The compiler is of use only with headers and the static C library.
have_c() { echo 'int main(void){return 0;}' | gcc -static -x c - -o /dev/null 2>/dev/null; }
have_glib() { PATH=$PATH:/sbin:/usr/sbin ldconfig -p | grep -q 'libglib-2\.0\.so\.0'; }
have_engine() { pkg-config --exists glib-2.0 && command -v make >/dev/null; } 2>/dev/null
have_cxx() { command -v g++ && command -v valgrind; } >/dev/null
have_arm64() {
  command -v qemu-aarch64-static && command -v aarch64-linux-gnu-gcc && [ -e /usr/aarch64-linux-gnu/lib/libc.so ]
} >/dev/null
have_lint() { command -v shellcheck >/dev/null; }
have_man() { command -v man && command -v lexgrog && command -v groff; } >/dev/null
have_shells() { command -v bash && command -v zsh; } >/dev/null
have_redis() { command -v redis-server >/dev/null; }
have_tmux() { command -v tmux >/dev/null; }
have_rpm() { command -v rpmbuild && command -v rpmlint; } >/dev/null
have_vm() {
  (
    PATH=$PATH:/sbin:/usr/sbin
    command -v qemu-system-x86_64 && command -v debootstrap && command -v mke2fs &&
      command -v depmod && command -v cpio && command -v xz
  ) >/dev/null
}

apt=
dnf=
for need in "$@"; do
  case $need in
    c) have_c || { apt="$apt gcc libc6-dev" dnf="$dnf gcc glibc-devel glibc-static"; } ;;
    glib) have_glib || { apt="$apt libglib2.0-0" dnf="$dnf glib2"; } ;;
    engine) have_engine || { apt="$apt libglib2.0-dev pkg-config make" dnf="$dnf glib2-devel pkgconf make"; } ;;
    cxx) have_cxx || { apt="$apt g++ valgrind" dnf="$dnf gcc-c++ valgrind"; } ;;
    arm64) have_arm64 || { apt="$apt qemu-user-static gcc-aarch64-linux-gnu libc6-dev-arm64-cross" dnf="$dnf qemu-user-static gcc-aarch64-linux-gnu"; } ;;
    lint) have_lint || { apt="$apt shellcheck" dnf="$dnf ShellCheck"; } ;;
    man) have_man || { apt="$apt man-db groff-base" dnf="$dnf man-db groff"; } ;;
    shells) have_shells || { apt="$apt bash zsh" dnf="$dnf bash zsh"; } ;;
    redis) have_redis || { apt="$apt redis-server" dnf="$dnf redis"; } ;;
    tmux) have_tmux || { apt="$apt tmux" dnf="$dnf tmux"; } ;;
    rpm) have_rpm || { apt="$apt rpm rpmlint" dnf="$dnf rpm-build rpmlint"; } ;;
    vm) have_vm || { apt="$apt qemu-system-x86 debootstrap e2fsprogs kmod cpio xz-utils" dnf="$dnf qemu-system-x86 debootstrap e2fsprogs kmod cpio xz"; } ;;
    *)
      say "Cannot set up \"$need\": it is none of c, glib, engine, cxx, arm64, lint, man, shells, vm, redis, rpm, tmux"
      exit 2
      ;;
  esac
done
[ -n "$apt" ] || exit 0

export DEBIAN_FRONTEND=noninteractive
# without_services COMMAND...: runs it with a policy (invoke-rc.d(8)) that keeps packages from
# starting services, unless the host has one of its own.
without_services() {
  policy=/usr/sbin/policy-rc.d
  if [ -e $policy ]; then
    "$@"
    return
  fi
  trap 'rm -f $policy' EXIT
  trap 'exit 1' HUP INT TERM # without it dash dies of the signal and leaves the policy behind
  printf '#!/bin/sh\nexit 101\n' >$policy && chmod 755 $policy
  "$@"
}

if command -v apt-get >/dev/null; then
  packages=$apt
  install() {
    quietly apt-get update -q &&
      without_services quietly apt-get install -q -y --no-install-recommends -o DPkg::Lock::Timeout=300 "$@"
  }
elif command -v dnf >/dev/null; then
  packages=$dnf
  install() { quietly dnf install -q -y "$@"; }
else
  say "left out, since this host has neither apt-get nor dnf:$apt"
  exit 0
fi
if [ "$(id -u)" != 0 ]; then
  say "left out, since installing needs root:$packages"
  exit 0
fi
# One at a time: apt-get update does not wait for another one.
if command -v flock >/dev/null && [ -w /run ]; then
  exec 9>/run/etmem-setup.lock
  flock 9
fi
say "installing$packages"
# shellcheck disable=SC2086
install $packages || say "left out, since installing failed:$packages"
# Debian has a service start at the next boot once its package is there; nobody asked for that.
case $apt in
  *redis-server*)
    if have_redis && quietly update-rc.d redis-server disable; then
      say "redis-server stays installed, its service is disabled"
    fi
    ;;
esac
exit 0
