# An image on top of another, which is pulled whole. Which one it is can be
# changed with the arguments: `skopeo inspect` prints digests, and Nix the
# hash that it expects.
{ nix2container
, imageName ? "alpine"
, imageDigest ? "sha256:115731bab0862031b44766733890091c17924f9b7781b79997f5f163be262178"
, sha256 ? "sha256-o4GvFCq6pvzASvlI5BLnk+Y4UN6qKL2dowuT0cp8q7Q="
, arch ? "amd64"
, tlsVerify ? true
}:

nix2container.buildImage {
  name = "from-image";
  fromImage = nix2container.pullImage {
    inherit imageName imageDigest sha256 arch tlsVerify;
  };
  inherit arch;
  config.Cmd = [ "/bin/ls" "-l" "/etc" ];
}
