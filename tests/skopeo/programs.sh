# The programs that copy, and what they ask our program for. It is sourced
# after tests/lib.sh; $image is what is copied by default.
# shellcheck shell=bash

calls=$work/calls

# build_programs: Debian's skopeo and a program over the newest
# containers/image, both with our transport.
build_programs() {
  say "Building skopeo and the program over the newest containers/image"
  skopeo=$("$root/tests/skopeo/build")
  newest=$("$root/tests/skopeo/build-newest")
}

# logging_binary: a program that notes each call and becomes the real one.
logging_binary() {
  printf '#!/bin/sh\necho "$1 $3" >>"%s"\nexec "%s" "$@"\n' "$calls" "$binary" >"$work/logging"
  chmod +x "$work/logging"
  export NIX2CONTAINER_BINARY=$work/logging
}

# copy PROGRAM DESTINATION [IMAGE]
copy() {
  local from=nix:${3:-$image}
  case $1 in
    skopeo) "$skopeo" --insecure-policy copy --quiet --dest-tls-verify=false "$from" "$2" ;;
    newest) "$newest" "$from" "$2" >/dev/null ;;
  esac
}
