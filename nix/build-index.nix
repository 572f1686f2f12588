# An index: one name for images of several platforms, as a JSON file that names
# theirs.
#
# Passthru: `imageName`, `imageTag`, `imageRefUnsafe`, `images`, the scripts
# `copyToRegistry`, `copyTo` and `push`, and what artifacts.nix gives for OCI tools.
{ lib, runCommand, writeText, nix2container-bin, copyTo, push, artifacts, checkArgument }:

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
  annotationsFile = writeText "annotations.json" (builtins.toJSON (checkArgument
    {
      function = "buildIndex";
      argument = "annotations";
      wants = "a set of texts";
      example = "{ \"org.opencontainers.image.licenses\" = \"MIT\"; }";
    }
    (builtins.isAttrs annotations && lib.all builtins.isString (lib.attrValues annotations))
    annotations));

  imageName = lib.toLower name;
  hashPart = path: builtins.substring 0 32 (baseNameOf (builtins.unsafeDiscardStringContext path));
  imageTag = if tag == null then hashPart index.outPath else tag;
  reference = "${imageName}:${imageTag}";
  archives = artifacts { inherit baseName; image = index; name = reference; };

  index = runCommand "index-${baseName}.json"
    {
      nativeBuildInputs = [ nix2container-bin ];
      passthru = {
        inherit imageName imageTag images;
        inherit (archives) manifestDigest ociLayout ociArchive streamOci;
        imageRefUnsafe = builtins.unsafeDiscardStringContext reference;
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
      ${lib.optionalString (annotations != { }) "--annotations ${annotationsFile}"}
  '';
in
index
