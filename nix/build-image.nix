# An image: a JSON file with its config and its layers, from which skopeo's
# transport `nix:` streams what a destination lacks.
#
# Passthru: `imageName`, `imageTag`, `imageRefUnsafe`, `fromImage`, and the
# scripts `copyToDockerDaemon`, `copyToRegistry`, `copyToPodman`, `copyTo`.
{ lib, runCommand, writeText, go, nix2container-bin, buildLayer, nixDatabase, copyTo, rootPaths
, allLayers
}:

{ # The name of the image, with the registry where there is one.
  name
, # The tag; null for the hash part of the image's store path.
  tag ? null
, # How a container is run: the fields of the OCI image config.
  config ? { }
, # Layers by buildLayer: what they have is not in the image's own layers.
  layers ? [ ]
, # A derivation, or a list, whose files go to the image's root.
  copyToRoot ? null
, # The image below: by pullImage, pullImageFromManifest, or this function.
  fromImage ? ""
, # The architecture, by Go's name.
  arch ? go.GOARCH
, # Modes and owners: a list of { path, regex, mode, uid, gid, uname, gname }.
  perms ? [ ]
, # The largest number of the image's own layers.
  maxLayers ? 1
, # Whether Nix in the container knows the store paths of the image.
  initializeNixDatabase ? false
, # The owner of that database.
  nixUid ? 0
, nixGid ? 0
, # The date of the image, by RFC 3339.
  created ? "0001-01-01T00:00:00Z"
, meta ? { }
, # The old name of copyToRoot.
  contents ? null
}:

let
  baseName = baseNameOf name;
  roots = rootPaths "buildImage" { inherit copyToRoot contents; };
  configFile = writeText "config-${baseName}.json" (builtins.toJSON config);
  below = allLayers layers;

  database = nixDatabase rec {
    paths = [ configFile ] ++ roots;
    absent = paths;
    layers = below;
  };
  databasePerms = {
    path = "${database}";
    regex = ".*";
    mode = "0755";
    uid = nixUid;
    gid = nixGid;
  };

  # The config is a dependency, so that all it names is in the image, and is
  # then left out itself.
  ownLayer = buildLayer {
    inherit layers maxLayers;
    deps = [ configFile ];
    ignore = configFile;
    copyToRoot = roots ++ lib.optional initializeNixDatabase database;
    perms = perms ++ lib.optional initializeNixDatabase databasePerms;
  };

  imageName = lib.toLower name;
  hashPart = path: builtins.substring 0 32 (baseNameOf (builtins.unsafeDiscardStringContext path));
  imageTag = if tag == null then hashPart image.outPath else tag;
  reference = "${imageName}:${imageTag}";
  copy = destination: copyTo {
    inherit image;
    name = "copy-to-${destination.name}";
    destination = destination.prefix + reference;
  };

  image = runCommand "image-${baseName}.json"
    {
      inherit meta;
      nativeBuildInputs = [ nix2container-bin ];
      passthru = {
        inherit fromImage imageName imageTag;
        imageRefUnsafe = builtins.unsafeDiscardStringContext reference;
        copyToDockerDaemon = copy { name = "docker-daemon"; prefix = "docker-daemon:"; };
        copyToRegistry = copy { name = "registry"; prefix = "docker://"; };
        copyToPodman = copy { name = "podman"; prefix = "containers-storage:"; };
        copyTo = copyTo { inherit image; name = "copy-to"; };
      };
    } ''
    nix2container image "$out" ${configFile} \
      ${lib.optionalString (! builtins.elem fromImage [ "" null ]) "--from-image ${fromImage}"} \
      --arch ${lib.escapeShellArg arch} --created ${lib.escapeShellArg created} \
      ${lib.escapeShellArgs (map (layer: "${layer}/layers.json") (below ++ [ ownLayer ]))}
  '';
in
image
