# An image: a JSON file with its config and its layers, from which skopeo's
# transport `nix:` streams what a destination lacks.
#
# Passthru: `imageName`, `imageTag`, `imageRefUnsafe`, `fromImage`, `mountFrom`,
# `compressed`, and the scripts `copyToDockerDaemon`, `copyToRegistry`,
# `copyToPodman`, `copyTo`, `push`; and what artifacts.nix gives:
# `manifestDigest`, `ociLayout`, `ociArchive`, `dockerArchive`, `stream`,
# `streamOci`.
{ lib, runCommand, writeText, go, nix2container-bin, buildLayer, nixDatabase, copyTo, push
, rootPaths, allLayers, rootFiles, makeDisjoint, compressorArguments, withLabels, imageFlags
, imageReference, artifacts
}:

{ # The name of the image, with the registry where there is one.
  name
, # The tag; null for the hash part of the image's store path.
  tag ? null
, # How a container is run: the fields of the OCI image config.
  config ? { }
, # Layers by buildLayer, or sets of its arguments: what they have is not in
  # the image's own layers.
  layers ? [ ]
, # Whether what one of these layers has is left out of those after it; null
  # for when there is a set of arguments among them.
  disjointLayers ? null
, # A derivation, or a list, whose files go to the image's root.
  copyToRoot ? null
, # The image below: by pullImage, pullImageFromManifest, or this function.
  fromImage ? ""
, # Whether the config, history and platform of that image are taken over.
  inheritConfig ? false
, # The architecture, by Go's name.
  arch ? go.GOARCH
, # The kind of the processor: "v8" of arm64, "v7" of arm.
  variant ? null
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
, # The largest number of the image's own layers.
  maxLayers ? 1
, # How store paths are put into them: "popularity" or "affinity".
  layering ? "popularity"
, # What the image's own layers are compressed with: null, "gzip" or "zstd".
  compressor ? null
, # How much: null for the compressor's default, or 1 to 12 (gzip) or 19 (zstd).
  compressionLevel ? null
, # Whether Nix in the container knows the store paths of the image.
  initializeNixDatabase ? false
, # The owner of that database.
  nixUid ? 0
, nixGid ? 0
, # The date of the image, by RFC 3339 or in seconds since 1970.
  created ? "0001-01-01T00:00:00Z"
, # Labels beside those of the config.
  labels ? { }
, # Annotations of the manifest.
  annotations ? { }
, # Whether annotations name the image below; null for when there are others.
  annotateBase ? null
, meta ? { }
, # The old name of copyToRoot.
  contents ? null
}:

let
  baseName = baseNameOf name;
  roots = rootPaths "buildImage" { inherit copyToRoot contents; };
  configFile = writeText "config-${baseName}.json" (builtins.toJSON (withLabels { inherit config labels; }));
  given = makeDisjoint { inherit layers fromImage; disjoint = disjointLayers; };
  below = allLayers given;

  flags = imageFlags {
    inherit fromImage inheritConfig arch variant created annotations annotateBase;
  };
  layerFiles = map (layer: "${layer}/layers.json") (below ++ [ ownLayer ]);

  # Here, so that the message names this function.
  checked = builtins.seq (compressorArguments "buildImage" { inherit compressor compressionLevel; });

  made = { inherit directories symlinks users groups capabilities excludes; };
  madeFile = lib.filter (file: file != null) [ (rootFiles made) ];

  database = nixDatabase rec {
    paths = [ configFile ] ++ madeFile ++ roots;
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
  ownLayer = checked buildLayer (made // {
    inherit maxLayers layering fromImage compressor compressionLevel fileDigests;
    layers = given;
    deps = [ configFile ];
    ignore = configFile;
    copyToRoot = roots ++ lib.optional initializeNixDatabase database;
    perms = perms ++ lib.optional initializeNixDatabase databasePerms;
  });

  named = imageReference { inherit name tag; inherit (image) outPath; };
  inherit (named) reference;

  # What unpacks the layers on this machine gets them as they are. It also may
  # not know zstd: the Docker daemon's format has no name for it.
  compressed = fromImage.compressed or false
    || lib.any (layer: layer.compressor or null != null) (below ++ [ ownLayer ]);
  uncompressed = runCommand "image-${baseName}-uncompressed.json"
    { nativeBuildInputs = [ nix2container-bin ]; }
    "nix2container image-uncompressed $out ${image}";
  copyHere = copy (if compressed then uncompressed else image);
  copy = image: destination: copyTo {
    inherit image;
    name = "copy-to-${destination.name}";
    destination = destination.prefix + reference;
  };

  # Where the layers of the images below may be, for a registry to take them
  # from there.
  baseRepositories = fromImage.mountFrom or [ ];

  image = runCommand "image-${baseName}.json"
    {
      inherit meta;
      nativeBuildInputs = [ nix2container-bin ];
      passthru = artifacts { inherit baseName image; name = reference; } // {
        inherit arch fromImage compressed;
        inherit (named) imageName imageTag imageRefUnsafe;
        mountFrom = [ named.imageName ] ++ baseRepositories;
        copyToDockerDaemon = copyHere { name = "docker-daemon"; prefix = "docker-daemon:"; };
        copyToRegistry = copy image { name = "registry"; prefix = "docker://"; };
        copyToPodman = copyHere { name = "podman"; prefix = "containers-storage:"; };
        copyTo = copyTo { inherit image; name = "copy-to"; };
        push = push { inherit image reference; name = "push"; mountFrom = baseRepositories; };
      };
    } ''
    nix2container image "$out" ${configFile} \
      ${lib.escapeShellArgs (flags ++ layerFiles)}
  '';
in
image
