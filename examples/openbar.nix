# A directory that everybody can write to, without root at build time: modes
# are written to the layer, not to the store.
{ pkgs, nix2container }:

let
  tmp = pkgs.runCommand "tmp" { } "mkdir -p $out/tmp";
in
nix2container.buildImage {
  name = "openbar";
  copyToRoot = [ tmp ];
  perms = [
    { path = tmp; regex = "/tmp$"; mode = "0777"; }
  ];
  config.Cmd = [ "${pkgs.coreutils}/bin/ls" "-l" "/" ];
}
