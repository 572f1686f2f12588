# What evaluation of the functions must give: a set of booleans.
{ lib, pkgs, nix2container }:

let
  inherit (nix2container) buildImage buildLayer;
  fails = value: !(builtins.tryEval (builtins.seq value true)).success;
  once = list: lib.length (lib.unique list) == lib.length list;
  words = image: lib.filter (word: builtins.isString word && lib.hasSuffix "/layers.json" word)
    (builtins.split "[ \n\\]+" image.buildCommand);

  tagged = buildImage { name = "Registry.example/Name"; tag = "v1"; };
  untagged = buildImage { name = "name"; };
  both = { name = "both"; copyToRoot = pkgs.hello; contents = pkgs.hello; };

  # Each link names all links before it, so the ways to the first one double
  # with every link.
  link = below: below ++ [
    (buildLayer { deps = [ (pkgs.writeText "link" (toString (lib.length below))) ]; layers = below; })
  ];
  chain = lib.foldl' (below: _: link below) [ ] (lib.genList (i: i) 14);
  chained = buildImage { name = "chain"; layers = [ (lib.last chain) ]; };
in
{
  "imageName is lower case" = tagged.imageName == "registry.example/name";
  "imageTag is the tag" = tagged.imageTag == "v1";
  "imageTag is the hash of the path by default" =
    lib.hasPrefix "/nix/store/${untagged.imageTag}-" untagged.outPath;
  "imageRefUnsafe is name and tag" = tagged.imageRefUnsafe == "registry.example/name:v1";
  "fromImage is empty by default" = tagged.fromImage == "";
  "contents and copyToRoot together fail in buildImage" = fails (buildImage both).drvPath;
  "contents and copyToRoot together fail in buildLayer" =
    fails (buildLayer (removeAttrs both [ "name" ])).drvPath;
  "contents is copyToRoot" =
    (buildLayer { contents = pkgs.hello; }).drvPath == (buildLayer { copyToRoot = [ pkgs.hello ]; }).drvPath;
  "a chain has every layer below once" =
    lib.length (lib.last chain).nestedLayers == 13 && once (map toString (lib.last chain).nestedLayers);
  "an image names every layer of a chain once" =
    lib.length (words chained) == 15 && once (words chained);
  "no manifest, no image" = fails (nix2container.pullImageFromManifest { imageName = "a/b"; }).drvPath;
}
