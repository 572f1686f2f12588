# A script that copies an image with skopeo. The destination is given here, or
# by the user of the script as its first argument; all further arguments go to
# skopeo.
{ lib, writeShellApplication, skopeo-nix2container }:

{ name, image, destination ? null, arguments ? [ ] }:

writeShellApplication {
  inherit name;
  runtimeInputs = [ skopeo-nix2container ];
  text = ''
    exec skopeo --insecure-policy copy ${lib.concatMapStringsSep "" (argument: "${argument} ") arguments}nix:${image} \
      ${lib.optionalString (destination != null) (lib.escapeShellArg destination)} "$@"
  '';
}
