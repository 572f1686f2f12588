# All layers that some layers bring: first those nested in them, then they
# themselves, every layer once. The list grows with the number of layers, not
# with the number of ways that lead to them.
{ lib }:

layers:

let
  key = layer: builtins.unsafeDiscardStringContext layer.outPath;
  add = all: layer:
    if all.seen ? ${key layer} then all
    else {
      seen = all.seen // { ${key layer} = true; };
      list = all.list ++ [ layer ];
    };
  nested = lib.concatMap (layer: layer.nestedLayers) layers;
in
(lib.foldl' add { seen = { }; list = [ ]; } (nested ++ layers)).list
