# An index: one name for images of several platforms, as a JSON file that names
# theirs.
#
# Passthru: `imageName`, `imageTag`, `imageRefUnsafe`, `images`, the scripts
# `copyToRegistry`, `copyTo` and `push`, and what artifacts.nix gives for OCI tools.
{ lib, runCommand, nix2container-bin, copyTo, push, artifacts, checkArgument, annotationsFile
, imageReference
}:

{ # The name of the index, with the registry where there is one.
  name
, # The tag; null for the hash part of the index's store path.
  tag ? null
, # Images by buildImage, by their architecture: { amd64 = …; arm64 = …; }. What
  # follows a dash, as in `arm-v7`, is a name and nothing else.
  images
, # Annotations of the index.
  annotations ? { }
}:

let
  baseName = baseNameOf name;
  checked = checkArgument
    {
      function = "buildIndex";
      argument = "images";
      wants = "a set of images by buildImage";
      example = "{ amd64 = image; arm64 = imageForArm; }";
    }
    (builtins.isAttrs images && images != { } && lib.all (image: image ? imageTag && image ? arch) (lib.attrValues images))
    images;
  file = platform: image:
    let
      wanted = lib.head (lib.splitString "-" platform);
    in
    if image.arch == wanted then image
    else throw "buildIndex: `images.${platform}` is an image for ${image.arch}; rename it to `${image.arch}`, or take an image with another `arch`";

  named = imageReference { inherit name tag; inherit (index) outPath; };
  inherit (named) reference;
  archives = artifacts { inherit baseName; image = index; name = reference; };

  index = runCommand "index-${baseName}.json"
    {
      nativeBuildInputs = [ nix2container-bin ];
      passthru = {
        inherit images;
        inherit (named) imageName imageTag imageRefUnsafe;
        inherit (archives) manifestDigest ociLayout ociArchive streamOci;
        copyToRegistry = copyTo {
          image = index;
          name = "copy-to-registry";
          destination = "docker://${reference}";
          arguments = [ "--all" ];
        };
        copyTo = copyTo { image = index; name = "copy-to"; arguments = [ "--all" ]; };
        push = push {
          image = index;
          inherit reference;
          name = "push";
          mountFrom = lib.unique (lib.concatMap (image: image.mountFrom) (lib.attrValues images));
        };
      };
    } ''
    nix2container index "$out" ${toString (lib.mapAttrsToList file checked)} \
      ${lib.optionalString (annotations != { }) "--annotations ${annotationsFile "buildIndex" annotations}"}
  '';
in
index
