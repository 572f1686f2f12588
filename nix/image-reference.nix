# What an image or an index is called: its name in lower case, and its tag,
# which is the hash part of its store path where none is given.
{ lib }:

{ name, tag, outPath }:

let
  imageName = lib.toLower name;
  hashPart = builtins.substring 0 32 (baseNameOf (builtins.unsafeDiscardStringContext outPath));
  imageTag = if tag == null then hashPart else tag;
  reference = "${imageName}:${imageTag}";
in
{
  inherit imageName imageTag reference;
  # The same text without the build behind it.
  imageRefUnsafe = builtins.unsafeDiscardStringContext reference;
}
