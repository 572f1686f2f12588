# Three layers: the two most popular store paths get one each, the rest shares
# the last.
{ pkgs, nix2container }:

nix2container.buildImage {
  name = "layered";
  maxLayers = 3;
  config.Cmd = [
    (pkgs.writeShellScript "greet" ''
      ${pkgs.coreutils}/bin/basename /a/b
      ${pkgs.hello}/bin/hello
    '')
  ];
}
