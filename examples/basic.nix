# A script that calls a program: both are in the image, as the config names
# the script.
{ pkgs, nix2container }:

nix2container.buildImage {
  name = "basic";
  config.Cmd = [
    (pkgs.writeShellScript "greet-twice" ''
      ${pkgs.hello}/bin/hello
      ${pkgs.hello}/bin/hello
    '')
  ];
}
