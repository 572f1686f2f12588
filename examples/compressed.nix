# Compressed layers: the build knows the digests that a registry has, so that a
# push from any machine, with empty caches, sends only what is new.
{ pkgs, nix2container }:

nix2container.buildImage {
  name = "compressed";
  # Of each layer its own: those in `layers` stay as they were built.
  compressor = "zstd";
  layers = [
    (nix2container.buildLayer {
      deps = [ pkgs.bash ];
      compressor = "gzip";
      compressionLevel = 9;
    })
  ];
  config.Entrypoint = [ (pkgs.writeScript "greet" "#!${pkgs.bash}/bin/bash\n${pkgs.hello}/bin/hello\n") ];
}
