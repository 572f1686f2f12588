# The script that prints the manifest of a base image, to keep it in source
# control.
{ nix2container, registryUrl ? "registry-1.docker.io", tlsVerify ? true, arch ? "amd64" }:

(nix2container.pullImageFromManifest {
  imageName = "library/alpine";
  inherit registryUrl tlsVerify arch;
}).getManifest
