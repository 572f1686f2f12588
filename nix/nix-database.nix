# A tree for the image's root with a Nix database of all store paths in the
# image, so that Nix in the container knows them. Its bytes depend on nothing
# but the paths: registration times are 0, and the database is dumped and read
# again, which leaves out what SQLite keeps of its past.
{ lib, runCommand, closureGraph, buildPackages }:

{ # The paths whose closure the image's own layers hold.
  paths
, # Those of them that are not at their place in the store of the image.
  absent
, # All layers below.
  layers
}:

let
  own = closureGraph { inherit paths; ignore = absent; };
  everything = closureGraph { paths = paths ++ layers; };
in
runCommand "nix-database"
{
  nativeBuildInputs = [ buildPackages.jq buildPackages.nix buildPackages.sqlite ];
} ''
  # A path is there when the own layers have it, or a layer below has it
  # without moving it to the root.
  {
    jq '.[].path' ${own}
    jq '.[].paths // [] | .[] | select(.options.rewrite.regex // "" == "") | .path' \
      ${lib.escapeShellArgs (map (layer: "${layer}/layers.json") layers)} /dev/null
  } | jq --slurp 'map({ key: ., value: true }) | from_entries' > present.json
  jq --slurpfile present present.json '$present[0] as $present
    | map(select($present[.path]) | .references |= map(select($present[.])))' \
    ${everything} > graph.json

  export NIX_REMOTE="local?root=$PWD" USER=nobody
  jq --raw-output \
    '.[] | .path, .narHash, .narSize, "", (.references | length), .references[]' \
    graph.json | nix-store --load-db
  old=$PWD/nix/var/nix/db/db.sqlite
  sqlite3 "$old" 'UPDATE ValidPaths SET registrationTime = 0'

  mkdir -p "$out/nix/var/nix/db" "$out/nix/var/nix/gcroots/docker" "$out/nix/store/.links"
  sqlite3 "$old" .dump | sqlite3 "$out/nix/var/nix/db/db.sqlite"
  # Without the version of the schema Nix would take the database for a new one.
  cp nix/var/nix/db/schema "$out/nix/var/nix/db/schema"
  jq --raw-output '.[].path' graph.json | while read -r path; do
    ln -s "$path" "$out/nix/var/nix/gcroots/docker/"
  done
''
