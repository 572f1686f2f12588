# One program, and the closure of it.
{ pkgs, nix2container }:

nix2container.buildImage {
  name = "hello";
  config.entrypoint = [ "${pkgs.hello}/bin/hello" ];
}
