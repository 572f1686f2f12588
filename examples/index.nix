# One name for images of two architectures. They hold a text only, so that
# neither has to be built on a machine of its own; with programs, each takes its
# packages from nixpkgs of its system: `import nixpkgs { system = …; }`, or
# `pkgs.pkgsCross.…`, and `arch` from there.
{ pkgs, nix2container }:

let
  image = arch: variant: nix2container.buildImage {
    name = "index-${arch}";
    inherit arch variant;
    copyToRoot = pkgs.writeTextFile { name = "arch"; text = arch; destination = "/arch"; };
  };
in
nix2container.buildIndex {
  name = "index";
  tag = "latest";
  images = {
    amd64 = image "amd64" null;
    arm64 = image "arm64" "v8";
  };
  annotations."org.opencontainers.image.title" = "index";
}
