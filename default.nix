# Everything without flakes: `(import nix2container { inherit pkgs; }).nix2container.buildImage`.
# Without `pkgs`, nixpkgs is taken as flake.lock pins it.
{ system ? builtins.currentSystem
, pkgs ? import (import ./nix/locked-nixpkgs.nix) { inherit system; }
}:

let
  inherit (pkgs) lib;
  # What runs at build time, and the scripts that copy, are for the machine that
  # builds; `pkgs` tells the architecture of images.
  call = lib.callPackageWith (pkgs.buildPackages // { inherit (pkgs) go; } // self);
  self = {
    nix2container-bin = call ./nix/package.nix { };
    skopeo-nix2container = call ./nix/skopeo/package.nix { };
    checkArgument = call ./nix/check-argument.nix { };
    rootPaths = call ./nix/copy-to-root.nix { };
    wrongArgument = call ./nix/wrong-argument.nix { };
    userFiles = call ./nix/user-files.nix { };
    rootFiles = call ./nix/root-files.nix { };
    allLayers = call ./nix/all-layers.nix { };
    makeDisjoint = call ./nix/disjoint-layers.nix { };
    compressorArguments = call ./nix/compressor-arguments.nix { };
    closureGraph = call ./nix/closure-graph.nix { };
    nixDatabase = call ./nix/nix-database.nix { };
    artifacts = call ./nix/artifacts.nix { };
    copyTo = call ./nix/copy-to.nix { };
    withLabels = call ./nix/with-labels.nix { };
    annotationsFile = call ./nix/annotations-file.nix { };
    imageFlags = call ./nix/image-flags.nix { };
    imageReference = call ./nix/image-reference.nix { };
    fullName = call ./nix/full-name.nix { };
    baseImage = call ./nix/base-image.nix { };
    push = call ./nix/push.nix { };
    fetchBlob = call ./nix/fetch-blob.nix { };
    getManifest = call ./nix/get-manifest.nix { };
    inherit (functions) buildImage buildLayer pullImage pullImageFromManifest;
  };
  functions = {
    buildImage = call ./nix/build-image.nix { };
    buildIndex = call ./nix/build-index.nix { };
    buildLayer = call ./nix/build-layer.nix { };
    pullImage = call ./nix/pull-image.nix { };
    pullImageFromManifest = call ./nix/pull-image-from-manifest.nix { };
  };

  # The functions, which can be built like the program, for `nix flake check`
  # wants a package in every place.
  nix2container = self.nix2container-bin // functions;
  examples = import ./examples { inherit pkgs nix2container; };
in
{
  inherit nix2container;
  inherit (self) nix2container-bin skopeo-nix2container;
  # `all` is the plain set.
  examples = pkgs.linkFarm "nix2container-examples" examples // examples // { all = examples; };
  tests = import ./examples/tests.nix { inherit pkgs nix2container examples; };
}
