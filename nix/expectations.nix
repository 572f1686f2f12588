# What evaluation of the functions must give: a set of booleans.
{ lib, pkgs, nix2container }:

let
  inherit (nix2container) buildImage buildLayer;
  fails = value: !(builtins.tryEval (builtins.seq value true)).success;
  once = list: lib.length (lib.unique list) == lib.length list;
  words = image: lib.filter (word: builtins.isString word && lib.hasSuffix "/layers.json" word)
    (builtins.split "[ \n\\]+" image.buildCommand);

  tagged = buildImage { name = "Registry.example/Name"; tag = "v1"; };
  based = buildImage {
    name = "registry.example/based";
    fromImage = nix2container.pullImage { imageName = "registry.example/base"; imageDigest = "sha256:"; sha256 = ""; };
  };
  untagged = buildImage { name = "name"; };
  both = { name = "both"; copyToRoot = pkgs.hello; contents = pkgs.hello; };

  compressed = arguments: (buildLayer ({ deps = [ pkgs.hello ]; } // arguments)).drvPath;
  wrongly = { gzip = [ 0 13 (-1) "6" 1.5 ]; zstd = [ 0 20 true ]; };

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
  "repositories to mount from are those of all images below" =
    (buildImage { name = "top"; fromImage = based; }).mountFrom == [ "top" "registry.example/based" "registry.example/base" ];
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
  "no compressor is none" = compressed { compressor = null; } == compressed { };
  "an unknown compressor fails" =
    lib.all (compressor: fails (compressed { inherit compressor; })) [ "xz" "" "GZIP" true 3 ];
  "a level without a compressor fails" = fails (compressed { compressionLevel = 3; });
  "a wrong level fails" = lib.all
    (compressor: lib.all
      (compressionLevel: fails (compressed { inherit compressor compressionLevel; }))
      wrongly.${compressor})
    (lib.attrNames wrongly);
  "levels of each compressor evaluate" = lib.all (arguments: !fails (compressed arguments)) [
    { compressor = "gzip"; compressionLevel = 12; }
    { compressor = "zstd"; compressionLevel = 19; }
    { compressor = "zstd"; }
  ];
  "an image knows that a layer is compressed" =
    (buildImage { name = "a"; layers = [ (buildLayer { compressor = "zstd"; }) ]; }).compressed
    && ! untagged.compressed;
  "an image's compressor is checked" = fails (buildImage { name = "a"; compressor = "xz"; }).drvPath;
  "no manifest, no image" = fails (nix2container.pullImageFromManifest { imageName = "a/b"; }).drvPath;
}
