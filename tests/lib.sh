# What the test scripts share: messages, missing packages, and the servers and
# settings that real copies need. It is sourced, after `set -euo pipefail`.
# Everything that is started here ends with the script.

[ -z "${root:-}" ] || return 0
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
binary=${NIX2CONTAINER_BINARY:-$root/target/release/nix2container}
work=$(mktemp -d "${TMPDIR:-/tmp}/nix2container-tests.XXXXXX")
servers=()

clean_up() {
  local status=$? server
  for server in "${servers[@]}"; do kill "$server" 2>/dev/null || true; done
  wait 2>/dev/null || true
  chmod -R u+w "$work" 2>/dev/null || true
  rm -rf "$work"
  exit "$status"
}
trap clean_up EXIT

say() { printf '\n== %s\n' "$*"; }

fail() {
  printf 'FAILED: %s\n' "$*" >&2
  exit 1
}

# expect WHAT GOT WANTED: two texts are equal.
expect() {
  [ "$2" = "$3" ] || fail "$1: got «$2», wanted «$3»"
  printf 'ok: %s\n' "$1"
}

# expect_match WHAT TEXT PATTERN: a line of the text matches the pattern.
expect_match() {
  grep -qE -- "$3" <<<"$2" || fail "$1: «$2» does not match «$3»"
  printf 'ok: %s\n' "$1"
}

# listing DIRECTORY: everything that an image can say about a tree.
listing() {
  (cd "$1" && find . -mindepth 1 -printf '%y %m %U:%G %T@ %P %l\n' | sort &&
    find . -type f -exec sha256sum {} + | sort)
}

# require COMMAND PACKAGE: installs a Debian package when its command is missing.
require() {
  command -v "$1" >/dev/null && return
  command -v apt-get >/dev/null || fail "$1 is missing, and it cannot be installed without apt-get"
  if [ -z "${lists_updated:-}" ]; then
    apt-get update -qq
    lists_updated=yes
  fi
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$2" >/dev/null ||
    fail "cannot install $2"
}

# Nix as root in one user's hands, with flakes and no binary cache.
setup_nix() {
  require nix nix-bin
  export NIX_CONFIG="
sandbox = false
build-users-group =
substituters =
experimental-features = nix-command flakes"
}

# build_flake ATTRIBUTE: builds it from the flake $flake_url, with $options, and
# prints its path.
build_flake() {
  nix build "$flake_url#$1" "${options[@]}" --no-link --json 2>"$work/messages" |
    jq -r '.[0].outputs.out' || { cat "$work/messages" >&2; fail "cannot build $1"; }
}

# start_registry [readonly]: a registry on loopback, which may refuse all
# uploads; sets $registry and $registry_log.
start_registry() {
  require docker-registry docker-registry
  local port
  for port in $(seq 5100 5199); do
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
  done
  registry=127.0.0.1:$port
  registry_log=$work/registry-$port.log
  cat >"$work/registry-$port.yml" <<YAML
version: 0.1
log: {accesslog: {disabled: false}, level: info}
storage:
  filesystem: {rootdirectory: $work/registry-$port}
  maintenance: {readonly: {enabled: $([ "${1:-}" = readonly ] && echo true || echo false)}}
http: {addr: $registry}
YAML
  docker-registry serve "$work/registry-$port.yml" >"$registry_log" 2>&1 &
  servers+=($!)
  wait_for "the registry" curl -sf "http://$registry/v2/"
}

# start_dockerd: a Docker daemon without a network of its own, unless one runs.
start_dockerd() {
  require dockerd docker.io
  docker info >/dev/null 2>&1 && return
  dockerd --iptables=false --bridge=none --data-root "$work/docker" \
    --exec-root "$work/docker-run" --pidfile "$work/docker.pid" >"$work/dockerd.log" 2>&1 &
  servers+=($!)
  wait_for "dockerd" docker info
}

# setup_podman: settings that run containers without a network and cgroups of
# their own; nothing of the machine's storage is touched.
setup_podman() {
  require podman podman
  require runc runc
  export CONTAINERS_CONF=$work/containers.conf
  export CONTAINERS_STORAGE_CONF=$work/storage.conf
  cat >"$CONTAINERS_CONF" <<TOML
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
netns = "none"
[engine]
runtime = "$(command -v runc || echo /usr/sbin/runc)"
TOML
  cat >"$CONTAINERS_STORAGE_CONF" <<TOML
[storage]
driver = "vfs"
graphroot = "$work/podman"
runroot = "$work/podman-run"
TOML
  export podman_args="--network=none"
}

# uploads: how many blobs the registry was sent.
uploads() { grep -c '"POST /v2/.*/blobs/uploads/' "$registry_log" || true; }

# elsewhere COMMAND…: as on another machine, whose caches are empty. What root
# has cached would be found from any home, so there it is another user.
elsewhere() {
  local home user=()
  home=$(mktemp -d "$work/home.XXXXXX")
  chmod 0755 "$work"
  chmod 0777 "$home"
  if [ "$(id -u)" = 0 ]; then user=(setpriv --reuid=65534 --regid=65534 --clear-groups); fi
  "${user[@]}" env HOME="$home" XDG_DATA_HOME="$home/data" XDG_CONFIG_HOME="$home/config" \
    XDG_RUNTIME_DIR="$home" TMPDIR="$home" "$@"
}

# wait_for WHAT COMMAND…: until the command succeeds, for half a minute.
wait_for() {
  local what=$1
  shift
  for _ in $(seq 150); do
    "$@" >/dev/null 2>&1 && return
    sleep 0.2
  done
  tail -n 5 "$work"/*.log >&2 || true
  fail "$what did not start"
}
