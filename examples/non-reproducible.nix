# A path that differs each time it is built is kept as a tarball, beside the
# digest that it gave.
{ pkgs, nix2container }:

let
  date = pkgs.runCommand "build-date" { } ''
    echo "This image was built on $(date)" > $out
  '';
in
nix2container.buildImage {
  name = "non-reproducible";
  config.Cmd = [ "${pkgs.coreutils}/bin/cat" date ];
  layers = [
    (nix2container.buildLayer {
      deps = [ date ];
      reproducible = false;
    })
  ];
}
