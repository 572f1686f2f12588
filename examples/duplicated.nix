# A layer that is reached in two ways is in the image once: with the image's
# own layer there are two.
{ pkgs, nix2container }:

let
  greeting = nix2container.buildLayer { deps = [ pkgs.hello ]; };
in
nix2container.buildImage {
  name = "duplicated";
  layers = [ greeting greeting ];
  config.Cmd = [ (pkgs.writeShellScript "greet" "${pkgs.hello}/bin/hello") ];
}
