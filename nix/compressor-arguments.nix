# The program's arguments for `compressor` and `compressionLevel`: a list,
# which is empty where nothing is compressed. `attribute` names the function in
# messages.
{ lib }:

attribute: { compressor, compressionLevel }:

let
  highest = { gzip = 12; zstd = 19; };
  show = value: if builtins.isString value then ''"${value}"'' else
    if builtins.isInt value then toString value else "a ${builtins.typeOf value}";
  known = builtins.isString compressor && highest ? ${compressor};
  inRange = builtins.isInt compressionLevel
    && compressionLevel >= 1 && compressionLevel <= highest.${compressor};
in

if compressor == null && compressionLevel == null then
  [ ]
else if compressor == null then
  throw "${attribute}: `compressionLevel` needs a `compressor`, such as \"zstd\""
else if !known then
  throw "${attribute}: `compressor` is ${show compressor}; it should be null, \"gzip\" or \"zstd\""
else if compressionLevel == null then
  [ "--compressor" compressor ]
else if !inRange then
  throw "${attribute}: `compressionLevel` is ${show compressionLevel}; for ${compressor} it should be null, or a number from 1 to ${toString highest.${compressor}}"
else
  [ "--compressor" compressor "--compression-level" (toString compressionLevel) ]
