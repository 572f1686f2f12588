# All examples: images, and `getManifest`, which is a script.
{ pkgs, nix2container }:

let
  example = file: pkgs.lib.callPackageWith { inherit pkgs nix2container; } file { };
in
{
  hello = example ./hello.nix;
  basic = example ./basic.nix;
  bash = example ./bash.nix;
  nginx = example ./nginx.nix;
  nonReproducible = example ./non-reproducible.nix;
  fromImage = example ./from-image.nix;
  fromImageManifest = example ./from-image-manifest.nix;
  inheritConfig = example ./inherit-config.nix;
  annotated = example ./annotated.nix;
  disjoint = example ./disjoint.nix;
  index = example ./index.nix;
  getManifest = example ./get-manifest.nix;
  uwsgi = example ./uwsgi;
  openbar = example ./openbar.nix;
  layered = example ./layered.nix;
  nested = example ./nested.nix;
  duplicated = example ./duplicated.nix;
  nix = example ./nix.nix;
  nix-user = example ./nix-user.nix;
  ownership = example ./ownership.nix;
  perms = example ./perms.nix;
  created = example ./created.nix;
  compressed = example ./compressed.nix;
  verified = example ./verified.nix;
  merged = example ./merged.nix;
  rootFiles = example ./root-files.nix;
  metadata = example ./metadata.nix;
}
