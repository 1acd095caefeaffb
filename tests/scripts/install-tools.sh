#!/bin/bash
# install-tools.sh - installs with apt what the lab needs and this Debian machine does not have yet.
set -euo pipefail

# command:package
readonly NEEDS=(debootstrap:debootstrap ip:iproute2 nsenter:util-linux setpriv:util-linux unshare:util-linux
  flock:util-linux mount:mount apt-config:apt gpgv:gpgv
  dpkg-source:dpkg-dev openssl:openssl)

missing=()
for need in "${NEEDS[@]}"; do
  command -v "${need%%:*}" >/dev/null || missing+=("${need##*:}")
done
[[ -e /usr/share/keyrings/debian-archive-keyring.gpg ]] || missing+=(debian-archive-keyring)
if (( ${#missing[@]} == 0 )); then
  echo "install-tools: nothing is missing"
  exit 0
fi
[[ $(id -u) == 0 ]] || { echo "install-tools: needs root to install: ${missing[*]}" >&2; exit 1; }

echo "install-tools: installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
apt-get -q update </dev/null
apt-get -q install -y --no-install-recommends "${missing[@]}" </dev/null
