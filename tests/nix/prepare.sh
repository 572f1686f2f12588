# What the tests with real Nix share: the host's programs that the stand-in for
# nixpkgs is made of, and our flake on that stand-in. It is sourced.
# shellcheck shell=bash
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
setup_nix
require bash-static bash-static
require busybox busybox-static
require jq jq
require sqlite3 sqlite3
require shellcheck shellcheck
require curl curl
require nginx nginx-light
require uwsgi uwsgi-core
[ -e /usr/lib/uwsgi/plugins/python3_plugin.so ] || require uwsgi-plugin-python3 uwsgi-plugin-python3
[ -x /usr/bin/python3 ] || require python3 python3

# Where the stand-in finds Debian's source of skopeo.
ln -sfn "$("$root/tests/skopeo/source" | tail -n 1)" /var/tmp/nix2container-skopeo-source
(cd "$root" && cargo fetch --locked --quiet)

# A copy without what is built and what git does not know.
flake=$work/flake
mkdir "$flake"
(cd "$root" && cp -r Cargo.toml Cargo.lock flake.nix flake.lock default.nix src nix examples "$flake")
flake_url=path:$flake
options=(--override-input nixpkgs "path:$root/tests/nix/pkgs" --no-write-lock-file)

# What no earlier run had: a derivation with it is built in this run, also where
# the store is kept between two runs. Only then is there a log of its build.
# shellcheck disable=SC2034
nonce=$(basename "$work")

# build EXPRESSION: builds what an expression gives, with `p` for our functions
# and `pkgs` for the stand-in, and prints its path.
build() {
  nix-build --no-out-link --expr \
    "let pkgs = import $root/tests/nix/pkgs { }; p = (import $flake { inherit pkgs; }).nix2container; in $1" \
    2>"$work/messages" || { cat "$work/messages" >&2; fail "cannot build $1"; }
}
