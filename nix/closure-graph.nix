# The closure graph of some paths: a JSON file with each store path of their
# closure and what it refers to, sorted. The paths to ignore are looked
# through: what they refer to is in the graph, they themselves are not, so the
# file, and what is made of it, stays the same when only they change.
{ lib, jq, runCommand }:

{ paths, ignore ? [ ] }:

runCommand "closure-graph.json"
{
  exportReferencesGraph.graph = paths;
  __structuredAttrs = true;
  nativeBuildInputs = [ jq ];
  ignored = map (path: builtins.unsafeDiscardStringContext "${path}") ignore;
} ''
  jq '.ignored as $ignored
    | .graph
    | map(select(.path | IN($ignored[]) | not) | .references |= sort)
    | sort_by(.path)' "''${NIX_ATTRS_JSON_FILE:-.attrs.json}" > "$out"
''
