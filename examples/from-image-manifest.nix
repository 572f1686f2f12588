# An image on top of another, which a manifest in source control describes.
# The manifest is written with
#
#   nix run .#examples.fromImageManifest.fromImage.getManifest > examples/alpine-manifest.json
{ nix2container
, imageName ? "library/alpine"
, imageManifest ? ./alpine-manifest.json
, imageTag ? "latest"
, arch ? "amd64"
, tlsVerify ? true
, registryUrl ? "registry-1.docker.io"
}:

let
  fromImage = nix2container.pullImageFromManifest {
    inherit imageName imageManifest imageTag arch tlsVerify registryUrl;
  };
in
nix2container.buildImage {
  name = "from-image-manifest";
  inherit fromImage arch;
  config.Cmd = [ "/bin/ls" "-l" "/etc" ];
}
