# cached-build.sh - how something is built into the cache; sourced by the scripts that do.
#
# They set `name` (for messages), `building` (the folder of the build) and `log`, and run themselves with
# --inside for the build itself.  Concurrent calls wait for each other.  A build lives in a folder and in a pid
# and mount namespace of its own: when it is interrupted, even by kill -9, no process and no mount stays, and the
# next call removes the folder.

: "${heartbeat:=5}" # seconds between two lines of progress

say() { echo "$name: $*" >&2; }
die() { say "$*"; exit 1; }

# The Debian mirror that this machine uses itself.
mirror() {
  local origin site
  while read -r origin site; do
    if [[ $origin == Debian && $site != *-security* ]]; then echo "$site"; return; fi
  done < <(apt-get indextargets --format '$(ORIGIN) $(SITE)' 2>/dev/null || true)
  echo http://deb.debian.org/debian
}

# need TOOL... - checks that a build is possible at all.
need() {
  [[ $(id -u) == 0 ]] || die "needs root (namespaces, mounts)"
  local tool
  for tool in unshare setpriv flock "$@"; do
    command -v "$tool" >/dev/null || die "$tool is missing: run $(dirname "$0")/install-tools.sh"
  done
}

# take_turn LOCK - waits until nobody else builds; the lock is held until this shell and the build are gone.
take_turn() {
  mkdir -p "$(dirname "$1")"
  exec 9>"$1"
  if ! flock --nonblock 9; then
    say "somebody else builds it; waiting"
    until flock --timeout 15 9; do say "still waiting: $(cat "$log.step" 2>/dev/null || true)"; done
  fi
}

# step NAME COMMAND... - runs one step of the build with its output in the log.
step() {
  echo "=== $1" >>"$log"
  echo "$1" >"$log.step"
  shift
  "$@" >>"$log" 2>&1 </dev/null
}

# run_build ARGUMENT... - runs this script with these arguments as the init of its own pid namespace.
run_build() {
  : >"$log"
  started=$SECONDS
  # The pid namespace dies with `unshare`, and `unshare` with this shell. Fd 9 goes along, so that the lock
  # is held until the last process of the build is gone.
  setpriv --pdeathsig KILL \
    unshare --mount --propagation private --pid --fork --kill-child --mount-proc \
    "$BASH" "$0" "$@" </dev/null &
  builder=$!
  trap 'kill -KILL "$builder" 2>/dev/null || true' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  while kill -0 "$builder" 2>/dev/null; do
    if (( (SECONDS - started) % heartbeat == 0 )); then
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
  rm -f "$log.step"
}

# built FOLDER - says what was built.
built() { say "built in $((SECONDS - started)) s, $(du -sm "$1" | cut -f1) MB"; }
