# A layer that says what it is and who made it, as `podman history` shows.
{ pkgs, nix2container }:

nix2container.buildImage {
  name = "metadata";
  layers = [
    (nix2container.buildLayer {
      deps = [ pkgs.hello ];
      metadata = {
        created_by = "the example metadata";
        author = "an author";
        comment = "greets";
      };
    })
  ];
  config.Cmd = [ "${pkgs.hello}/bin/hello" ];
}
