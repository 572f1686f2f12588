# An image on top of another, which is pulled whole. Which one it is can be
# changed with the arguments: `skopeo inspect` prints digests, and Nix the
# hash that it expects.
{ pkgs
, nix2container
, imageName ? "alpine"
, imageDigest ? "sha256:a8560b36e8b8210634f77d9f7f9efd7ffa463e380b75e2e74aff4511df3ef88c"
, sha256 ? pkgs.lib.fakeHash
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
