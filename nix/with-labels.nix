# An image config with more labels. The config's own fields have any case; a
# key that both have must have one value.
{ lib, checkArgument }:

{ config, labels }:

let
  field = lib.findFirst (name: lib.toLower name == "labels") "Labels" (lib.attrNames config);
  own = if config.${field} or null == null then { } else config.${field};
  different = lib.filter (key: own ? ${key} && own.${key} != labels.${key}) (lib.attrNames checked);
  checked = checkArgument
    {
      argument = "labels";
      wants = "a set of texts";
      example = "{ \"org.opencontainers.image.version\" = \"1.0\"; }";
    }
    (builtins.isAttrs labels && lib.all builtins.isString (lib.attrValues labels))
    labels;
in
if labels == { } then config
else if different != [ ] then
  throw "buildImage: `labels` and `config.${field}` differ on ${lib.concatStringsSep ", " different}; remove it from one of them"
else config // { ${field} = own // checked; }
