# What the program is told of an image beside its config and its layers, from
# the arguments of buildImage, which are checked.
{ lib, annotationsFile, checkArgument }:

{ fromImage, inheritConfig, arch, variant, created, annotations, annotateBase }:

let
  hasBase = ! builtins.elem fromImage [ "" null ];

  # A boolean that asks for something of the base.
  ofBase = argument: value: checkArgument
    {
      inherit argument;
      wants = "true, together with a `fromImage`, or false";
      example = "true";
    }
    (builtins.isBool value && (value -> hasBase))
    value;
  inherits = ofBase "inheritConfig" inheritConfig;
  namesBase = if annotateBase == null then annotations != { } && hasBase else ofBase "annotateBase" annotateBase;
  # What was pulled knows its config under another name.
  base = if inherits then fromImage.withConfig or fromImage else fromImage;
  # An image by buildImage has its digest when it is built.
  reference = fromImage.reference or {
    name = fromImage.imageRefUnsafe or
      (throw "buildImage: `fromImage` has no reference for annotations; set `annotateBase = false;`");
  };

  variantName = checkArgument
    {
      argument = "variant";
      wants = "the text that follows the architecture, or null";
      example = "\"v8\"";
    }
    (builtins.isString variant && builtins.match "[a-z0-9]+" variant != null)
    variant;
  # Eight digits that look like a day, such as flakes cut from their
  # `lastModifiedDate`, would be one of 1970.
  isDay = text: builtins.match "(19|20)[0-9]{6}" text != null;
  date = checkArgument
    {
      argument = "created";
      wants = "a date and time by RFC 3339, or seconds since 1970";
      example = "\"2024-05-13T09:31:10Z\"";
    }
    (if builtins.isInt created then created >= 0
    else builtins.isString created && !isDay created
      && builtins.match "[0-9]+|[0-9-]+T[0-9:.]+(Z|[+-][0-9:]+)" created != null)
    created;
in
lib.optionals hasBase [ "--from-image" base ]
++ lib.optional inherits "--inherit-config"
++ [ "--arch" arch "--created" date ]
++ lib.optionals (variant != null) [ "--variant" variantName ]
++ lib.optionals (annotations != { }) [ "--annotations" (annotationsFile "buildImage" annotations) ]
++ lib.optionals namesBase [ "--base-name" reference.name ]
++ lib.optionals (namesBase && reference ? digest) [ "--base-digest" reference.digest ]
