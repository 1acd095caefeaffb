#!/bin/bash
# frr-root.sh VERSION - makes sure that a root file system with that FRR is in the cache.
#
#   frr-root.sh 7.5.1|8.4.4|10.3|10.7     builds it when it is missing, prints its path as the last line
#
# Cache: ${ROUTELET_CACHE:-/var/cache/routelet}/roots/<version>; the FRR package really found is named in
# <root>/.routelet-frr-version.  Concurrent calls wait for each other.  A build lives in a sibling folder and
# in its own pid and mount namespace: when it is interrupted, even by kill -9, no process and no mount stays,
# and the next call removes the folder.
set -euo pipefail

readonly PACKAGES=(frr frr-pythontools iproute2 procps)
readonly HEARTBEAT=5 # seconds between two lines of progress

version=${1:?usage: frr-root.sh 7.5.1|8.4.4|10.3|10.7}
case $version in
  7.5.1) suite=bullseye ;;
  8.4.4) suite=bookworm ;;
  10.3) suite=trixie ;;
  10.7) suite=sid ;;
  *) echo "frr-root: unknown FRR version '$version'; known are 7.5.1 8.4.4 10.3 10.7" >&2; exit 2 ;;
esac

roots=${ROUTELET_CACHE:-/var/cache/routelet}/roots
root=$roots/$version
building=$roots/.$version.building
log=$roots/.$version.log
stamp=.routelet-frr-version

say() { echo "frr-root $version: $*" >&2; }
die() { say "$*"; exit 1; }

# The Debian mirror that this machine uses itself.
mirror() {
  local origin site
  while read -r origin site; do
    if [[ $origin == Debian && $site != *-security* ]]; then echo "$site"; return; fi
  done < <(apt-get indextargets --format '$(ORIGIN) $(SITE)' 2>/dev/null || true)
  echo http://deb.debian.org/debian
}

# Runs one step of the build with its output in the log.
step() {
  echo "=== $1" >>"$log"
  echo "$1" >"$log.step"
  shift
  "$@" >>"$log" 2>&1 </dev/null
}

# The build itself, as the init of its own pid namespace, in a private mount namespace.
build() {
  local site
  site=$(mirror)
  step "debootstrap $suite from $site" \
    debootstrap --variant=minbase "$suite" "$building" "$site"

  printf '#!/bin/sh\nexit 101\n' >"$building/usr/sbin/policy-rc.d" # no service starts
  chmod 755 "$building/usr/sbin/policy-rc.d"
  printf '%s\n' force-unsafe-io 'path-exclude=/usr/share/doc/*' 'path-exclude=/usr/share/man/*' \
    'path-exclude=/usr/share/info/*' 'path-exclude=/usr/share/locale/*' >"$building/etc/dpkg/dpkg.cfg.d/routelet"
  local apt_options=(-o Acquire::Check-Valid-Until=false -o Acquire::Languages=none -o Dpkg::Use-Pty=0) proxy
  proxy=$(apt-config dump --format '%v' Acquire::http::Proxy 2>/dev/null || true)
  if [[ -n $proxy ]]; then apt_options+=(-o "Acquire::http::Proxy=$proxy"); fi

  mountpoint -q "$building/proc" || mount -t proc proc "$building/proc"
  export DEBIAN_FRONTEND=noninteractive LC_ALL=C
  step "apt-get update" chroot "$building" apt-get "${apt_options[@]}" update
  step "apt-get install ${PACKAGES[*]}" \
    chroot "$building" apt-get "${apt_options[@]}" install -y --no-install-recommends "${PACKAGES[@]}"

  step "trim" trim
  chroot "$building" dpkg-query -W -f '${Version}\n' frr >"$building/$stamp"
}

# Removes what no test reads.
trim() {
  rm -rf "$building"/var/lib/apt/lists/* "$building"/var/cache/apt/* "$building"/var/cache/debconf/*-old \
    "$building"/usr/share/{doc,man,info,locale,zoneinfo,bash-completion}/* "$building"/var/log/{apt,*.log} \
    "$building"/debootstrap "$building"/usr/sbin/policy-rc.d "$building"/etc/dpkg/dpkg.cfg.d/routelet \
    "$building"/etc/frr/frr.conf
  find "$building/usr" -depth -type d -name __pycache__ -path '*dist-packages*' -prune -o -name '*.pyc' -path '*/test/*' -delete
}

if [[ ${2:-} == --inside ]]; then build; exit; fi

found() { cat "$root/$stamp"; }
if [[ ! -s $root/$stamp ]]; then
  [[ $(id -u) == 0 ]] || die "needs root (chroot, mount)"
  for tool in debootstrap unshare setpriv flock; do
    command -v "$tool" >/dev/null || die "$tool is missing: run $(dirname "$0")/install-tools.sh"
  done
  mkdir -p "$roots"
  exec 9>"$roots/.$version.lock"
  if ! flock --nonblock 9; then
    say "somebody else builds it; waiting"
    until flock --timeout 15 9; do say "still waiting: $(cat "$log.step" 2>/dev/null || true)"; done
  fi
fi
if [[ ! -s $root/$stamp ]]; then
  say "building from Debian $suite (log: $log)"
  rm -rf --one-file-system "$building" "$root"
  : >"$log"
  started=$SECONDS
  # The pid namespace dies with `unshare`, and `unshare` with this shell. Fd 9 goes along, so that the lock
  # is held until the last process of the build is gone.
  setpriv --pdeathsig KILL \
    unshare --mount --propagation private --pid --fork --kill-child --mount-proc \
    "$BASH" "$0" "$version" --inside </dev/null &
  builder=$!
  trap 'kill -KILL "$builder" 2>/dev/null || true' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  while kill -0 "$builder" 2>/dev/null; do
    if (( (SECONDS - started) % HEARTBEAT == 0 )); then
      say "$((SECONDS - started)) s: $(cat "$log.step" 2>/dev/null || true): $(tail -n 1 "$log" | cut -c1-100)"
    fi
    sleep 1
  done
  if ! wait "$builder"; then
    tail -n 40 "$log" >&2
    rm -rf --one-file-system "$building"
    die "build failed after $((SECONDS - started)) s; the whole log is $log"
  fi
  trap - EXIT
  mv -T "$building" "$root"
  rm -f "$log.step"
  say "built in $((SECONDS - started)) s, $(du -sm "$root" | cut -f1) MB"
fi
if [[ $(found) != "$version"* ]]; then
  say "WARNING: Debian $suite has FRR $(found) now, not $version"
fi
say "FRR $(found)"
echo "$root"
