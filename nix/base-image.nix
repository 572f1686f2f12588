# What was pulled as the JSON file of an image.
#
# Passthru: `withConfig`, the same image with its config, history and platform
# in its JSON, which `inheritConfig` of buildImage takes.
{ runCommand, nix2container-bin }:

{ imageName
, # The subcommand that writes the image, and the files it reads.
  command
, files
, passthru
}:

let
  image = flags: passthru: runCommand "nix2container-${baseNameOf imageName}.json"
    {
      nativeBuildInputs = [ nix2container-bin ];
      inherit passthru;
    } ''
    nix2container ${toString ([ command ] ++ flags)} "$out" ${toString files}
  '';
in
image [ ] (passthru // { withConfig = image [ "--with-config" ] passthru; })
