# A script that pushes an image with the program itself. All arguments of the
# script go to `nix2container push`: options, and more references.
{ lib, writeShellApplication, nix2container-bin }:

{ name
, image
, reference
, # Repositories that may have layers of the image.
  mountFrom ? [ ]
}:

let
  mounts = lib.concatMap (source: [ "--mount-from" source ]) mountFrom;
in
writeShellApplication {
  inherit name;
  runtimeInputs = [ nix2container-bin ];
  text = ''
    exec nix2container push ${image} ${lib.escapeShellArgs ([ reference ] ++ mounts)} "$@"
  '';
}
