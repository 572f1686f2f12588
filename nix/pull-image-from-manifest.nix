# A base image by a manifest that is kept in source control: each blob is a
# store path of its own, so blobs that images share are pulled once, and no
# other hash is needed than the manifest's own.
#
# Passthru: `getManifest`, a script that prints the manifest to keep;
# `mountFrom`, the repository; `reference`, the image's name and digest; and
# `withConfig`, see base-image.nix.
{ lib, writeText, go, baseImage, fetchBlob, getManifest, fullName }:

{ # The image's name, without the registry: library/alpine.
  imageName
, # The file with the raw manifest of one platform.
  imageManifest ? null
, # What getManifest asks for; the manifest alone says what is pulled.
  imageTag ? "latest"
, os ? "linux"
, arch ? go.GOARCH
, # Whether the registry must have a valid certificate.
  tlsVerify ? true
, registryUrl ? "registry-1.docker.io"
}:

let
  text =
    if imageManifest != null then builtins.readFile imageManifest
    else
      throw "pullImageFromManifest: `imageManifest` is needed for ${imageName}; make the file with the script `getManifest`";
  manifest = builtins.fromJSON text;
  descriptors =
    if manifest ? layers && manifest ? config then [ manifest.config ] ++ manifest.layers
    else
      throw "pullImageFromManifest: `imageManifest` ${toString imageManifest} is not the manifest of one platform; make it with the script `getManifest`";
  blob = { digest, ... }: {
    name = lib.removePrefix "sha256:" digest;
    value = fetchBlob { inherit registryUrl imageName tlsVerify digest; };
  };
  blobMap = writeText "blobs.json" (builtins.toJSON (lib.listToAttrs (map blob descriptors)));
in
baseImage {
  inherit imageName;
  command = "image-from-manifest";
  files = [ (writeText "manifest.json" text) blobMap ];
  passthru = {
    getManifest = getManifest { inherit imageName imageTag os arch tlsVerify registryUrl; };
    mountFrom = [ "${registryUrl}/${imageName}" ];
    reference = {
      name = fullName "${registryUrl}/${imageName}:${imageTag}";
      # `getManifest` ends what it prints with a line break.
      digest = "sha256:${builtins.hashString "sha256" (lib.removeSuffix "\n" text)}";
    };
  };
}
