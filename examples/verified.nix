# An image that can tell which file changed, should a layer not have its digest
# any more: `nix2container verify` reads what the layers keep of each file.
{ pkgs, nix2container }:

nix2container.buildImage {
  name = "verified";
  fileDigests = true;
  layers = [ (nix2container.buildLayer { deps = [ pkgs.hello ]; fileDigests = true; }) ];
  config.Cmd = [ (pkgs.writeShellScript "greet" "${pkgs.hello}/bin/hello") ];
}
