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
# Cache: ${ROUTELET_CACHE:-/var/cache/routelet}/kube/apiserver.
set -euo pipefail

readonly SUITE=bookworm
readonly UNPACKED=(golang-1.19-go golang-1.19-src golang-github-modern-go-reflect2-dev etcd-server kubernetes-client)

cache=${ROUTELET_CACHE:-/var/cache/routelet}/kube
folder=$cache/apiserver
building=$cache/.apiserver.building
log=$cache/.apiserver.log
stamp=packages
name=kube-apiserver
heartbeat=15
. "$(dirname "$0")/cached-build.sh"

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
  need apt-get dpkg-deb dpkg-source
  take_turn "$cache/.apiserver.lock"
fi
if [[ ! -s $folder/$stamp ]]; then
  say "building from Debian $SUITE (log: $log)"
  rm -rf --one-file-system "$building" "$folder"
  run_build --inside
  mv -T "$building/out" "$folder"
  rm -rf --one-file-system "$building"
  built "$folder"
fi
say "$(head -n 1 "$folder/$stamp")"
echo "$folder"
