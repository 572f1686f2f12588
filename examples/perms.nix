# Several rules for one path: a later rule changes what an earlier one set.
{ pkgs, nix2container }:

let
  files = pkgs.runCommand "files" { } ''
    mkdir -p $out/data
    touch $out/data/open $out/data/secret
  '';
in
nix2container.buildImage {
  name = "perms";
  copyToRoot = files;
  perms = [
    { path = files; regex = "/data/.*"; mode = "0666"; }
    { path = files; regex = "/data/secret$"; mode = "0600"; }
  ];
  config.Cmd = [ "${pkgs.coreutils}/bin/ls" "-l" "/data" ];
}
