# shellcheck shell=bash
# What builds each derivation: nixpkgs' phases, as far as they are needed.
set -euo pipefail
if [ -e .attrs.sh ]; then
  . ./.attrs.sh
  export NIX_ATTRS_JSON_FILE=$PWD/.attrs.json
  for output in "${!outputs[@]}"; do export "$output=${outputs[$output]}"; done
fi

# The home of whoever builds has cargo's registry and toolchain.
PATH=/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
HOME=$(getent passwd "$(id -u)" | cut -d: -f6)
export HOME PATH=$HOME/.cargo/bin:$PATH
for input in ${nativeBuildInputs[*]-}; do
  PATH=$input/bin:$PATH
  if [ -e "$input/nix-support/setup-hook" ]; then . "$input/nix-support/setup-hook"; fi
done

runHook() { eval "${!1-}"; }

substituteInPlace() {
  local file=$1 text
  shift
  text=$(cat "$file" && echo x)
  while [ $# -gt 0 ]; do
    [ "$1" = --replace-fail ] || { echo "substituteInPlace: $1 is not known" >&2; exit 1; }
    [[ $text == *"$2"* ]] || { echo "substituteInPlace: $2 is not in $file" >&2; exit 1; }
    text=${text//"$2"/"$3"}
    shift 3
  done
  printf %s "${text%x}" >"$file"
}

if [ -n "${buildCommandPath-}" ]; then
  . "$buildCommandPath"
elif [ -n "${buildCommand-}" ]; then
  eval "$buildCommand"
else
  for phase in unpackPhase patchPhase buildPhase installPhase; do
    echo "$phase" >&2
    eval "${!phase}"
  done
fi
# The last program must not be the builder itself.
exit 0
