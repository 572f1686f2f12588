# The image itself, for those who do not copy it with skopeo: built only when it
# is asked for. `image` is an image or an index, `name` what it is loaded as.
{ runCommand, writeShellScript, lib, nix2container-bin }:

{ baseName, image, name }:

let
  build = suffix: command: runCommand "${baseName}${suffix}" { nativeBuildInputs = [ nix2container-bin ]; } command;
  archive = format: "archive --format ${format} --name ${lib.escapeShellArg name} ${image}";
  # A file that is a script, as `imageStream` of NixOS's oci-containers wants it.
  stream = format: writeShellScript "stream-${baseName}"
    ''exec ${nix2container-bin}/bin/nix2container ${archive format} "$@"'';
in
{
  # A file with the digest of the manifest, which is that in a registry unless
  # layers are compressed on the way there.
  manifestDigest = build "-digest" ''
    printf 'sha256:%s' "$(nix2container manifest ${image} | sha256sum | cut -d ' ' -f 1)" > "$out"
  '';
  ociLayout = build "-oci" ''nix2container ${archive "oci-dir"} --output "$out"'';
  ociArchive = build "-oci.tar" ''nix2container ${archive "oci"} --output "$out"'';
  dockerArchive = build ".tar" ''nix2container ${archive "docker"} --output "$out"'';
  stream = stream "docker";
  streamOci = stream "oci";
}
