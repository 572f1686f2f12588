# An image with a date.
{ pkgs, nix2container }:

nix2container.buildImage {
  name = "created";
  created = "2024-05-13T09:31:10Z";
  config.Cmd = [ "${pkgs.hello}/bin/hello" ];
}
