# A layer on top of a layer: the image has both, though it names but one.
{ pkgs, nix2container }:

let
  shell = nix2container.buildLayer { deps = [ pkgs.bashInteractive ]; };
  tools = nix2container.buildLayer {
    deps = [ pkgs.bashInteractive pkgs.coreutils ];
    layers = [ shell ];
  };
in
nix2container.buildImage {
  name = "nested";
  layers = [ tools ];
  config.Cmd = [ "${pkgs.hello}/bin/hello" ];
}
