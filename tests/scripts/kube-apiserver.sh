#!/bin/bash
# kube-apiserver.sh - makes sure that a Kubernetes API server is in the cache.
#
#   kube-apiserver.sh     builds it when it is missing, prints its folder as the last line
#
# The folder holds kube-apiserver, the etcd that it keeps its objects in, and a kubectl; their Debian packages
# are named in its file `packages`, which is written last.  Debian 12 is the last one with an API server, as a
# source package that builds no such binary: it is compiled here, with Debian 12's Go (2.5 minutes on two idle
# cores).  Nothing is installed on this machine: packages are unpacked in the build folder.
#
# Cache: ${ROUTELET_CACHE:-/var/cache/routelet}/kube/apiserver.  Concurrent calls wait for each other.  A build
# lives in a sibling folder and in its own pid namespace: when it is interrupted, even by kill -9, no process
# stays, and the next call removes the folder.
set -euo pipefail

readonly SUITE=bookworm
readonly HEARTBEAT=15 # seconds between two lines of progress
readonly UNPACKED=(golang-1.19-go golang-1.19-src golang-github-modern-go-reflect2-dev etcd-server kubernetes-client)

cache=${ROUTELET_CACHE:-/var/cache/routelet}/kube
folder=$cache/apiserver
building=$cache/.apiserver.building
log=$cache/.apiserver.log
stamp=packages

say() { echo "kube-apiserver: $*" >&2; }
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

# Lets apt-get see one suite of Debian and nothing of this machine's packages.
own_apt() {
  local apt=$building/apt from="[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $1 $SUITE main"
  mkdir -p "$apt"/lists/partial "$apt"/cache/archives/partial
  : >"$apt/status"
  printf '%s\n' "deb $from" "deb-src $from" >"$apt/sources.list"
  cat >"$apt/apt.conf" <<CONF
Dir::Etc::SourceList "$apt/sources.list";
Dir::Etc::SourceParts "-";
Dir::State::Lists "$apt/lists";
Dir::State::Status "$apt/status";
Dir::Cache "$apt/cache";
APT::Sandbox::User "root";
Acquire::Check-Valid-Until "false";
Acquire::Languages "none";
CONF
  export APT_CONFIG=$apt/apt.conf LC_ALL=C
  apt-get -q update
}

unpack() {
  cd "$building"
  apt-get -q download "${UNPACKED[@]}"
  local package
  for package in *.deb; do dpkg-deb -x "$package" "$building/unpacked"; done
  apt-get -q source --download-only kubernetes
  mkdir -p "$tree"
  dpkg-source --no-check -x kubernetes_*.dsc "$tree/kubernetes"
}

# What keeps the source package from a working server with Go 1.19.
mend() {
  cd "$tree/kubernetes"
  # Its own reflect2 1.0.1 crashes in the first write of a custom resource (map iteration, Go 1.18 and later).
  rm -rf vendor/github.com/modern-go/reflect2
  cp -r "$building"/unpacked/usr/share/gocode/src/github.com/modern-go/reflect2 vendor/github.com/modern-go/
  # The archive leaves out one generated file: the OpenAPI definitions.
  go build -o "$building/openapi-gen" ./vendor/k8s.io/kube-openapi/cmd/openapi-gen
  local packages
  packages=$(grep -rl --include='*.go' -e '+k8s:openapi-gen=' pkg staging/src/k8s.io |
    grep -v -e /code-generator/ -e /sample-apiserver/ | xargs -n1 dirname | LC_ALL=C sort -u |
    sed -e 's#^staging/src/#k8s.io/kubernetes/vendor/#' -e 's#^pkg/#k8s.io/kubernetes/pkg/#' | paste -sd,)
  "$building/openapi-gen" --logtostderr -i "$packages" -p k8s.io/kubernetes/pkg/generated/openapi \
    -O zz_generated.openapi -h vendor/k8s.io/code-generator/hack/boilerplate.go.txt \
    -r "$building/violations" --output-base "$building/go/src"
  test -s pkg/generated/openapi/zz_generated.openapi.go
}

# Without the cloud providers: a seventh fewer packages.
compile() {
  cd "$tree/kubernetes"
  local flags='-s -w' package
  for package in component-base/version client-go/pkg/version; do # the second is what /version says
    package=k8s.io/kubernetes/vendor/k8s.io/$package
    flags+=" -X $package.gitVersion=v$1 -X $package.gitMajor=${1%%.*} -X $package.gitMinor=$(cut -d. -f2 <<<"$1")"
    flags+=" -X $package.gitTreeState=archive"
  done
  go build -tags providerless,dockerless -ldflags "$flags" -o "$building/out/kube-apiserver" ./cmd/kube-apiserver
}

# The build itself, as the init of its own pid namespace.
build() {
  local site package
  site=$(mirror)
  tree=$building/go/src/k8s.io
  mkdir -p "$building/out" "$building/home"
  step "apt-get update from $site" own_apt "$site"
  export APT_CONFIG=$building/apt/apt.conf LC_ALL=C
  step "packages and source" unpack
  export HOME=$building/home GOROOT=$building/unpacked/usr/lib/go-1.19 GOPATH=$building/go GOCACHE=$building/gocache
  export GO111MODULE=off GOPROXY=off GOFLAGS='' CGO_ENABLED=0 PATH=$GOROOT/bin:$PATH
  package=$(sed -n 's/^Version: //p' "$building"/kubernetes_*.dsc | head -n 1)
  local version=${package##*really}
  step "OpenAPI definitions" mend
  step "go build kube-apiserver" compile "${version%%-*}"
  cp "$building"/unpacked/usr/bin/{etcd,kubectl} "$building/out/"
  (cd "$building" && printf '%s\n' "kubernetes_$package" *.deb) >"$building/out/$stamp"
}

if [[ ${1:-} == --inside ]]; then build; exit; fi

if [[ ! -s $folder/$stamp ]]; then
  [[ $(id -u) == 0 ]] || die "needs root (a pid namespace)"
  for tool in apt-get dpkg-deb dpkg-source unshare setpriv flock; do
    command -v "$tool" >/dev/null || die "$tool is missing: run $(dirname "$0")/install-tools.sh"
  done
  mkdir -p "$cache"
  exec 9>"$cache/.apiserver.lock"
  if ! flock --nonblock 9; then
    say "somebody else builds it; waiting"
    until flock --timeout 15 9; do say "still waiting: $(cat "$log.step" 2>/dev/null || true)"; done
  fi
fi
if [[ ! -s $folder/$stamp ]]; then
  say "building from Debian $SUITE (log: $log)"
  rm -rf --one-file-system "$building" "$folder"
  : >"$log"
  started=$SECONDS
  # The pid namespace dies with `unshare`, and `unshare` with this shell. Fd 9 goes along, so that the lock
  # is held until the last process of the build is gone.
  setpriv --pdeathsig KILL \
    unshare --mount --propagation private --pid --fork --kill-child --mount-proc \
    nice -n 5 "$BASH" "$0" --inside </dev/null &
  builder=$!
  trap 'kill -KILL "$builder" 2>/dev/null || true' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  while kill -0 "$builder" 2>/dev/null; do
    if (( (SECONDS - started) % HEARTBEAT == 0 )); then
      say "$((SECONDS - started)) s: $(cat "$log.step" 2>/dev/null || true)"
    fi
    sleep 1
  done
  if ! wait "$builder"; then
    tail -n 40 "$log" >&2
    rm -rf --one-file-system "$building"
    die "build failed after $((SECONDS - started)) s; the whole log is $log"
  fi
  trap - EXIT
  mv -T "$building/out" "$folder"
  rm -rf --one-file-system "$building" "$log.step"
  say "built in $((SECONDS - started)) s, $(du -sm "$folder" | cut -f1) MB"
fi
say "$(head -n 1 "$folder/$stamp")"
echo "$folder"
