# The layers of an image, each without the store paths that one before it has:
# every layer is built on top of all before it. `layers` are those of
# buildLayer, or sets of its arguments. Null for `disjoint` is whether there is
# such a set. A set's layers are counted with those of `fromImage`.
{ lib, allLayers, buildLayer, checkArgument }:

{ layers, disjoint, fromImage }:

let
  isArguments = layer: builtins.isAttrs layer && ! lib.isDerivation layer;
  isLayer = layer: isArguments layer || layer ? nestedLayers;
  checked = checkArgument
    {
      argument = "layers";
      wants = "a list of layers by buildLayer, or of sets of its arguments";
      example = "[ { deps = [ pkgs.bash ]; } ]";
    }
    (builtins.isList layers && lib.all isLayer layers)
    layers;
  built = map (layer: if isArguments layer then buildLayer ({ inherit fromImage; } // layer) else layer) checked;
  asked = if disjoint == null then lib.any isArguments checked else checkArgument
    {
      argument = "disjointLayers";
      wants = "true, false or null";
      example = "true";
    }
    (builtins.isBool disjoint)
    disjoint;
in
if asked
then lib.foldl' (below: layer: below ++ [ (layer.onTopOf below) ]) [ ] (allLayers built)
else built
