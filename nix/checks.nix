# What needs no container: the program, the images of the examples that need no
# network, and what evaluation must give.
{ pkgs, packages }:

let
  inherit (pkgs) lib;
  inherit (packages) nix2container examples;

  online = [ "fromImage" "fromImageManifest" "getManifest" ];
  images = lib.filterAttrs (name: _: !lib.elem name online) examples.all;

  layerCount = name: wanted: pkgs.runCommand "layer-count-${name}" { nativeBuildInputs = [ pkgs.jq ]; } ''
    count=$(jq '.layers | length' ${examples.${name}})
    if [ "$count" != ${toString wanted} ]; then
      echo "${name} has $count layers instead of ${toString wanted}" >&2
      exit 1
    fi
    touch $out
  '';

  expectations = import ./expectations.nix { inherit lib pkgs nix2container; };
  broken = lib.attrNames (lib.filterAttrs (_: holds: !holds) expectations);
in
images
// {
  program = packages.nix2container-bin;
  layers-duplicated = layerCount "duplicated" 2;
  layers-nested = layerCount "nested" 3;
  layers-layered = layerCount "layered" 3;
  evaluation =
    if broken == [ ] then pkgs.runCommand "evaluation" { } "touch $out"
    else throw "not as it must be: ${lib.concatStringsSep ", " broken}";
}
