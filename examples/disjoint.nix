# Layers that overlap, without any store path twice: each is a set of arguments
# of buildLayer, and is built on top of those before it. The image's own layers
# are grouped by what changes together.
{ pkgs, nix2container }:

nix2container.buildImage {
  name = "disjoint";
  config.Cmd = [ "${pkgs.hello}/bin/hello" ];
  config.Env = [ "NGINX=${pkgs.nginx}" ];
  layers = [
    { deps = [ pkgs.hello pkgs.curl ]; }
    { deps = [ pkgs.hello pkgs.jq ]; maxLayers = 2; layering = "affinity"; }
  ];
  maxLayers = 3;
  layering = "affinity";
}
