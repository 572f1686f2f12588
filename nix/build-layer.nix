# A layer, or several: a directory with `layers.json`, which holds the digest
# and size of each layer and the store paths its tarball is streamed from.
# With `reproducible = false` the tarballs are in the directory too.
#
# Passthru: `nestedLayers`, all layers below this one; `compressor`; and
# `onTopOf`, which makes the same layer with others below it.
{ lib, runCommand, writeText, nix2container-bin, closureGraph, allLayers, rootPaths
, rootFiles, checkArgument, compressorArguments, wrongArgument, buildLayer
}:

given@{ # Store paths to include.
  deps ? [ ]
, # A derivation, or a list, whose files go to the image's root.
  copyToRoot ? null
, # A store path to leave out.
  ignore ? null
, # Layers below this one: what they have is left out.
  layers ? [ ]
, # False keeps the tarballs, for paths that differ when built again.
  reproducible ? true
, # Modes and owners: a list of { path, regex, mode, uid, gid, uname, gname }.
  perms ? [ ]
, # Directories to make in the image: paths, or { path, mode, uid, gid, uname, gname }.
  directories ? [ ]
, # Symlinks to make: from their path in the image to what they lead to.
  symlinks ? { }
, # Users, as { uid, gid, home, shell, description }, and groups, as { gid, members }.
  users ? { }
, groups ? { }
, # File capabilities: from a path in the image to text such as "cap_net_raw=+ep".
  capabilities ? { }
, # Regexes on names in the image: files to leave out.
  excludes ? [ ]
, # Whether the digest of each file is kept, for `nix2container verify`.
  fileDigests ? false
, # The largest number of layers to make.
  maxLayers ? 1
, # How store paths are put into layers: "popularity" or "affinity".
  layering ? "popularity"
, # The image that comes below; with "affinity" its layers are counted.
  fromImage ? ""
, # What the layers are compressed with: null, "gzip" or "zstd".
  compressor ? null
, # How much: null for the compressor's default, or 1 to 12 (gzip) or 19 (zstd).
  compressionLevel ? null
, # The layers' history: created_by, author, comment, created.
  metadata ? { created_by = "nix2container"; }
, # The old name of copyToRoot.
  contents ? null
}:

let
  keepsDigests =
    if builtins.isBool fileDigests then fileDigests
    else wrongArgument "fileDigests" "true" "is a value of type ${builtins.typeOf fileDigests}";
  roots = rootPaths "buildLayer" { inherit copyToRoot contents; };
  paths = deps ++ roots;
  nestedLayers = allLayers (checkArgument
    {
      function = "buildLayer";
      argument = "layers";
      wants = "a list of layers by buildLayer";
      example = "[ (buildLayer { deps = [ pkgs.bash ]; }) ]";
    }
    (builtins.isList layers && lib.all (layer: layer ? nestedLayers) layers)
    layers);
  made = rootFiles { inherit directories symlinks users groups capabilities excludes; };
  madeFile = lib.optional (made != null) made;
  # What is made is a dependency, so that all it names is in the layer.
  graph = closureGraph {
    paths = paths ++ madeFile;
    ignore = lib.optional (ignore != null) ignore ++ madeFile;
  };
  json = name: value: writeText "${name}.json" (builtins.toJSON value);
  strategies = [ "popularity" "affinity" ];
  strategy = checkArgument
    {
      function = "buildLayer";
      argument = "layering";
      wants = "\"popularity\" or \"affinity\"";
      example = "\"affinity\"";
    }
    (lib.elem layering strategies)
    layering;
  hasBase = ! builtins.elem fromImage [ "" null ];
  rewrites = map (path: { path = "${path}"; regex = "^${path}"; repl = ""; }) roots;
  # The parents are all layers below: what one of them left out, because a
  # layer nested in it has it, is not packed again here.
  arguments =
    [ "--max-layers" (toString maxLayers) "--merge-rules" ]
    ++ lib.optionals (strategy != "popularity") ([ "--layering" strategy ]
      ++ lib.optionals hasBase [ "--from-image" fromImage ])
    ++ lib.optionals (rewrites != [ ]) [ "--rewrites" (json "rewrites" rewrites) ]
    ++ lib.optionals (perms != [ ]) [ "--perms" (json "perms" perms) ]
    ++ lib.optionals (made != null) [ "--root-files" made ]
    ++ lib.optionals (metadata != { }) [ "--history" (json "history" metadata) ]
    ++ lib.optionals (ignore != null) [ "--ignore" ignore ]
    ++ compressorArguments "buildLayer" { inherit compressor compressionLevel; }
    ++ map (layer: "${layer}/layers.json") nestedLayers;
in
runCommand "layers"
{
  nativeBuildInputs = [ nix2container-bin ];
  passthru = {
    inherit nestedLayers compressor;
    onTopOf = below: buildLayer (given // { layers = below; });
  };
} ''
  mkdir "$out"
  nix2container layers-from-reference-graph "$out/layers.json" ${graph} \
    ${lib.optionalString keepsDigests "--file-digests \"$out/file-digests.json\""} \
    ${lib.optionalString (!reproducible) "--tar-directory \"$out\""} \
    ${lib.escapeShellArgs arguments}
''
