# An image that takes over the config of the image below: it runs what that one
# runs, in its environment, with one variable changed.
{ pkgs, nix2container }:

let
  base = nix2container.buildImage {
    name = "inherit-config-base";
    copyToRoot = pkgs.busybox;
    config = {
      Cmd = [ "/bin/sh" "-c" ''echo "$GREETING, $NAME!"'' ];
      Env = [ "GREETING=Hello" "NAME=nobody" "PATH=/bin" ];
    };
  };
in
nix2container.buildImage {
  name = "inherit-config";
  fromImage = base;
  inheritConfig = true;
  config.Env = [ "NAME=world" ];
}
