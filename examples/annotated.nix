# An image whose manifest has annotations and whose config has labels. The image
# below is named in the annotations too, by its name and its digest.
{ pkgs, nix2container }:

let
  about = {
    "org.opencontainers.image.title" = "annotated";
    "org.opencontainers.image.licenses" = "Apache-2.0";
  };
in
nix2container.buildImage {
  name = "annotated";
  fromImage = nix2container.buildImage {
    name = "annotated-base";
    tag = "1.0";
    copyToRoot = pkgs.busybox;
  };
  annotations = about;
  labels = about;
  # Seconds since 1970, as SOURCE_DATE_EPOCH or a flake's `lastModified`.
  created = 1715592670;
  config.Cmd = [ "/bin/echo" "Hello, world!" ];
}
