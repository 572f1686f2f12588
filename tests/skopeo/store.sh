# A small store and its images, for the tests of real copies. It is sourced
# after tests/lib.sh; the store's paths are rewritten to /nix/store.

store=$work/store
expected=$work/expected

# store_path NAME: the path of that name, with a hash part as long as Nix's.
store_path() { printf '%s/%s-%s\n' "$store" "$(sha1sum <<<"$1" | cut -c1-32)" "$1"; }

make_store() {
  local lib app data
  lib=$(store_path lib) app=$(store_path app) data=$(store_path data)
  mkdir -p "$lib/lib" "$app/bin" "$data/share/empty"
  seq 1 60000 >"$lib/lib/libnumbers.so"
  printf '#!/bin/sh\necho app\n' >"$app/bin/app"
  ln -s "../../${lib##*/}/lib" "$app/lib"
  seq 7 7 700000 >"$data/share/sevens"
  : >"$data/share/nothing"
  chmod 0444 "$lib/lib/libnumbers.so" "$data"/share/{sevens,nothing}
  chmod 0555 "$app/bin/app"
  make_graph "$work/graph.json" "$app" "$lib" "$data"
  echo '{"Entrypoint": ["/bin/app"], "Env": ["KIND=test"]}' >"$work/config.json"
}

# make_graph GRAPH PATH…: a closure whose first path references the others.
make_graph() {
  jq -n '$ARGS.positional | [{path: .[0], references: .}] + [.[1:][] | {path: ., references: []}]' \
    --args "${@:2}" >"$1"
}

# make_image IMAGE GRAPH MAX-LAYERS [OPTION…]: describes the graph's paths.
make_image() {
  jq --arg store "$store" '[.[] | {path, regex: ("^" + $store), repl: "/nix/store"}]' \
    "$2" >"$1.rewrites"
  "$binary" layers-from-reference-graph "$1.layers" "$2" --max-layers "$3" --rewrites "$1.rewrites" "${@:4}"
  "$binary" image "$1" "$work/config.json" "$1.layers"
}

# make_expected: the tree that the image of the whole store unpacks to.
make_expected() {
  mkdir -p "$expected/nix"
  cp -a "$store" "$expected/nix/store"
  find "$expected" -exec touch -h -d @1 {} +
}
