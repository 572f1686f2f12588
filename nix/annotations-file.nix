# The annotations of an image or an index as a JSON file. `function` has them as
# an argument, and is named in messages.
{ lib, writeText, checkArgument }:

function: annotations:

writeText "annotations.json" (builtins.toJSON (checkArgument
  {
    inherit function;
    argument = "annotations";
    wants = "a set of texts";
    example = "{ \"org.opencontainers.image.licenses\" = \"MIT\"; }";
  }
  (builtins.isAttrs annotations && lib.all builtins.isString (lib.attrValues annotations))
  annotations))
