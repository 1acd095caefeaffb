#!/bin/bash
# frr-root.sh VERSION - makes sure that a root file system with that FRR is in the cache.
#
#   frr-root.sh 7.5.1|8.4.4|10.3|10.7     builds it when it is missing, prints its path as the last line
#
# Cache: ${ROUTELET_CACHE:-/var/cache/routelet}/roots/<version>; the FRR package really found is named in
# <root>/.routelet-frr-version.
set -euo pipefail

readonly PACKAGES=(frr frr-pythontools iproute2 procps)

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
name="frr-root $version"
. "$(dirname "$0")/cached-build.sh"

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
  need debootstrap
  take_turn "$roots/.$version.lock"
fi
if [[ ! -s $root/$stamp ]]; then
  say "building from Debian $suite (log: $log)"
  rm -rf --one-file-system "$building" "$root"
  run_build "$version" --inside
  mv -T "$building" "$root"
  built "$root"
fi
if [[ $(found) != "$version"* ]]; then
  say "WARNING: Debian $suite has FRR $(found) now, not $version"
fi
say "FRR $(found)"
echo "$root"
