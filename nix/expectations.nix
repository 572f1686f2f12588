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

  bashLayer = buildLayer { deps = [ pkgs.bash ]; };
  helloLayer = buildLayer { deps = [ pkgs.hello ]; };
  helloOnBash = buildLayer { deps = [ pkgs.hello ]; layers = [ bashLayer ]; };
  layerFiles = arguments: words (buildImage ({ name = "a"; } // arguments));

  # As nixpkgs does for another machine: its own programs cannot run here.
  cross = (import ../. {
    pkgs = pkgs // {
      go = pkgs.go // { GOARCH = "riscv64"; };
      runCommand = throw "runs on the other machine";
      buildPackages = pkgs;
    };
  }).nix2container;
  compressed = arguments: (buildLayer ({ deps = [ pkgs.hello ]; } // arguments)).drvPath;
  wrongly = { gzip = [ 0 13 (-1) "6" 1.5 ]; zstd = [ 0 20 true ]; };
  # Whether a layer with these arguments is refused, and one without is not.
  refuses = arguments: fails (buildLayer arguments).drvPath;
  accepts = arguments: !(refuses arguments);
  wrongRootFiles = [
    { directories = "/tmp"; }
    { directories = [ "tmp" ]; }
    { directories = [ "/a/../b" ]; }
    { directories = [ "/a/" ]; }
    { directories = [ { mode = "0755"; } ]; }
    { directories = [ { path = "/a"; mode = 1777; } ]; }
    { directories = [ { path = "/a"; mode = "rwx"; } ]; }
    { directories = [ { path = "/a"; uid = "me"; } ]; }
    { directories = [ { path = "/a"; gid = -1; } ]; }
    { directories = [ { path = "/a"; owner = "me"; } ]; }
    { symlinks = "/a"; }
    { symlinks."a" = "b"; }
    { symlinks."/a" = null; }
    { symlinks = [ { path = "/a"; } ]; }
    { users = [ "me" ]; }
    { users.me = { }; }
    { users.me = { uid = "1000"; }; }
    { users.me = { uid = 1; shell = "/bin/sh:"; }; }
    { users.me = { uid = 1; home = "me"; }; }
    { users.me = { uid = 1; password = "x"; }; }
    { users."a:b" = { uid = 1; }; }
    { users.root.uid = 1; }
    { users.me = { uid = 1; gid = 2; }; groups.me.gid = 3; }
    { groups.me = { members = [ ]; }; }
    { groups.me = { gid = 1; members = "me"; }; }
    { groups.me = { gid = 1; members = [ "a,b" ]; }; }
    { capabilities."/a" = 1; }
    { capabilities."/a" = "cap_kill"; }
    { capabilities = [ "/a" ]; }
    { excludes = "/share"; }
    { excludes = [ "" ]; }
    { excludes = [ 1 ]; }
  ];
  rightRootFiles = [
    { directories = [ "/" "/a" { path = "/tmp"; mode = "1777"; uid = 1; gid = 0; uname = "me"; gname = "us"; } ]; }
    { symlinks = { "/a" = pkgs.hello; "/b" = "a"; "/c" = ./expectations.nix; }; }
    { symlinks = [ { path = "${pkgs.hello}/bin/hi"; target = "hello"; } ]; }
    { users.me.uid = 1000; }
    { users.me = { uid = 1; gid = 1; home = "/"; shell = "${pkgs.bash}/bin/bash"; description = "Me"; }; }
    { groups.us = { gid = 1; members = [ "me" ]; }; }
    { capabilities."/a" = "cap_kill,cap_chown=p cap_chown+e"; }
    { capabilities = [ { path = "${pkgs.hello}/bin/hello"; capability = "=ep"; } ]; }
    { excludes = [ "^${pkgs.hello}/share" "/doc$" ]; }
  ];

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
  "inheritConfig without fromImage fails" =
    fails (buildImage { name = "a"; inheritConfig = true; }).drvPath;
  "inheritConfig must be a boolean" =
    fails (buildImage { name = "a"; fromImage = untagged; inheritConfig = "yes"; }).drvPath;
  "labels are merged into the config" =
    (buildImage { name = "a"; config.labels.a = "1"; labels.b = "2"; }).drvPath
    == (buildImage { name = "a"; config.labels = { a = "1"; b = "2"; }; }).drvPath;
  "labels may repeat the config's" =
    (buildImage { name = "a"; config.Labels.a = "1"; labels.a = "1"; }).drvPath
    == (buildImage { name = "a"; config.Labels.a = "1"; }).drvPath;
  "labels that differ from the config's fail" =
    fails (buildImage { name = "a"; config.labels.a = "1"; labels.a = "2"; }).drvPath;
  "labels may be all there are" =
    (buildImage { name = "a"; config.Labels = null; labels.a = "1"; }).drvPath
    == (buildImage { name = "a"; config.Labels.a = "1"; }).drvPath;
  "labels are texts" = fails (buildImage { name = "a"; labels.a = 1; }).drvPath;
  "annotations are texts" = fails (buildImage { name = "a"; annotations.a = 1; }).drvPath;
  "annotateBase without fromImage fails" = fails (buildImage { name = "a"; annotateBase = true; }).drvPath;
  "created may be a number" =
    (buildImage { name = "a"; created = 1715592670; }).drvPath
    == (buildImage { name = "a"; created = "1715592670"; }).drvPath;
  "created is a date" = fails (buildImage { name = "a"; created = "yesterday"; }).drvPath;
  "created is not a day" = fails (buildImage { name = "a"; created = "20240513"; }).drvPath;
  "created is not before 1970 in seconds" = fails (buildImage { name = "a"; created = -1; }).drvPath;
  "a pulled image has the name of its registry" =
    map (imageName: (nix2container.pullImage { inherit imageName; imageDigest = ""; sha256 = ""; }).reference.name)
      [ "alpine" "me/app" "docker.io/alpine" "ghcr.io/me/app" "localhost/app" "localhost:5000/app" ]
    == [ "docker.io/library/alpine" "docker.io/me/app" "docker.io/library/alpine" "ghcr.io/me/app"
      "localhost/app" "localhost:5000/app" ];
  "layers by arguments stand on those before" =
    map toString (layerFiles { layers = [ { deps = [ pkgs.bash ]; } { deps = [ pkgs.hello ]; } ]; })
    == map toString (layerFiles { layers = [ bashLayer helloOnBash ]; });
  "layers by arguments leave room for the base's" =
    map toString (layerFiles { fromImage = untagged; layers = [ { layering = "affinity"; } ]; })
    == map toString (layerFiles { layers = [ (buildLayer { layering = "affinity"; fromImage = untagged; }) ]; });
  "disjointLayers makes a fold of built layers" =
    layerFiles { layers = [ bashLayer helloLayer ]; disjointLayers = true; }
    == layerFiles { layers = [ bashLayer helloOnBash ]; };
  "built layers stay as they are" =
    layerFiles { layers = [ bashLayer helloLayer ]; } != layerFiles { layers = [ bashLayer helloOnBash ]; };
  "what a layer has below is disjoint too" =
    let
      bashOnHello = buildLayer { deps = [ pkgs.bash ]; layers = [ helloLayer ]; };
    in
    layerFiles { layers = [ bashLayer (buildLayer { layers = [ helloLayer ]; }) ]; disjointLayers = true; }
    == layerFiles { layers = [ bashOnHello (buildLayer { layers = [ helloLayer bashOnHello ]; }) ]; };
  "layering is a strategy" = fails (buildLayer { layering = "size"; }).drvPath;
  "layering is a strategy in buildImage" = fails (buildImage { name = "a"; layering = "size"; }).drvPath;
  "layers is a list" = fails (buildImage { name = "a"; layers = bashLayer; }).drvPath;
  "layers are by buildLayer" = refuses { layers = [ pkgs.hello ]; }
    && refuses { layers = [ { deps = [ pkgs.hello ]; } ]; } && refuses { layers = bashLayer; }
    && fails (buildImage { name = "a"; layers = [ pkgs.hello ]; }).drvPath;
  "disjointLayers is a boolean" = fails (buildImage { name = "a"; layers = [ ]; disjointLayers = "yes"; }).drvPath;
  "images of an index are for their architecture" =
    fails (nix2container.buildIndex { name = "a"; images.arm64 = buildImage { name = "a"; arch = "amd64"; }; }).drvPath;
  "an index needs images" = fails (nix2container.buildIndex { name = "a"; images = { }; }).drvPath;
  "an index is of images" = fails (nix2container.buildIndex { name = "a"; images.amd64 = pkgs.hello; }).drvPath;
  "an index is not of indexes" = fails (nix2container.buildIndex {
    name = "a";
    images.amd64 = nix2container.buildIndex { name = "b"; images.amd64 = buildImage { name = "a"; arch = "amd64"; }; };
  }).drvPath;
  "variant is a text" = fails (buildImage { name = "a"; variant = 8; }).drvPath;
  "a cross build is for the other architecture, and built on this one" =
    (buildImage { name = "a"; arch = "riscv64"; }).drvPath == (cross.buildImage { name = "a"; }).drvPath;
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
  "wrong root files stop evaluation" = lib.all refuses wrongRootFiles;
  "right root files do not" = lib.all accepts rightRootFiles;
  "wrong root files stop an image too" = fails (buildImage { name = "a"; directories = [ "a" ]; }).drvPath;
  "fileDigests is true or false" = refuses { fileDigests = "yes"; } && accepts { fileDigests = true; };
  "no manifest, no image" = fails (nix2container.pullImageFromManifest { imageName = "a/b"; }).drvPath;
}
