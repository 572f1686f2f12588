# shellcheck shell=bash
# Runs before every builder: the host's tools, the inputs' programs, and the
# few shell functions of nixpkgs' stdenv that the project uses.
set -euo pipefail
if [ -n "${NIX_ATTRS_SH_FILE:-}" ]; then
  # shellcheck source=/dev/null
  . "$NIX_ATTRS_SH_FILE"
  for output in "${!outputs[@]}"; do export "$output=${outputs[$output]}"; done
  nativeBuildInputs=${nativeBuildInputs[*]:-}
fi
PATH=
for input in ${nativeBuildInputs:-}; do
  PATH=$PATH$input/bin:
  if [ -f "$input/nix-support/setup-hook" ]; then
    # shellcheck source=/dev/null
    . "$input/nix-support/setup-hook"
  fi
done
export PATH=$PATH@host@ HOME=${TMPDIR:-/tmp}

# substituteInPlace FILE --replace-fail OLD NEW …
substituteInPlace() {
  local file=$1 text
  shift
  while [ $# -gt 0 ]; do
    [ "$1" = --replace-fail ] || { echo "substituteInPlace: unknown option $1" >&2; return 1; }
    text=$(cat "$file"; printf .)
    text=${text%.}
    case $text in
      *"$2"*) printf %s "${text//"$2"/"$3"}" >"$file" ;;
      *) echo "substituteInPlace: $file does not hold «$2»" >&2; return 1 ;;
    esac
    shift 3
  done
}
