# What buildImage and buildLayer make, grant and leave out beside the store
# paths: a JSON file for the program, or null when there is nothing. What is
# wrong stops evaluation with a sentence that names the argument and shows a
# right value.
{ lib, writeText, userFiles, wrongArgument }:

{ directories, symlinks, users, groups, capabilities, excludes }:

let
  wrong = {
    directories = wrongArgument "directories" ''[ "/var/lib/app" { path = "/tmp"; mode = "1777"; } ]'';
    symlinks = wrongArgument "symlinks" ''{ "/bin/sh" = "''${pkgs.bash}/bin/bash"; }'';
    capabilities = wrongArgument "capabilities" ''{ "/bin/ping" = "cap_net_raw=+ep"; }'';
    excludes = wrongArgument "excludes" ''[ "/share/(doc|man)$" ]'';
  };

  isPath = path: builtins.isString path
    && builtins.match "/|(/[^/]+)+" path != null
    && builtins.match ".*/[.][.]?(/.*)?" path == null;
  isId = id: builtins.isInt id && id >= 0 && id <= 4294967295;
  show = value:
    if builtins.isString value || builtins.isInt value then "`${toString value}`"
    else "a value of type ${builtins.typeOf value}";

  # Stops unless an entry is a set of these fields, with a path in the image.
  entryOf = argument: fields: entry:
    let
      unknown = lib.attrNames (removeAttrs entry ([ "path" ] ++ fields));
    in
    if !builtins.isAttrs entry then wrong.${argument} "has ${show entry} as an element"
    else if !(isPath (entry.path or null)) then
      wrong.${argument} "has ${show (entry.path or null)} for a path, which is not an absolute path of the image"
    else if unknown != [ ] then
      wrong.${argument} "has ${entry.path} with `${lib.head unknown}`, which is not known"
    else entry;

  # A set from path to value, or a list of sets with both.
  pairs = argument: field: value:
    let
      list =
        if builtins.isAttrs value then lib.mapAttrsToList (path: one: { inherit path; ${field} = one; }) value
        else if builtins.isList value then value
        else wrong.${argument} "is ${show value}";
    in
    map (entryOf argument [ field ]) list;

  directory = given:
    let
      plain = if builtins.isAttrs given then given else { path = given; };
      entry = entryOf "directories" [ "mode" "uid" "gid" "uname" "gname" ] plain;
      bad = field: wrong.directories "has ${entry.path} with the ${field} ${show entry.${field}}";
      holds = field: check: !(entry ? ${field}) || check entry.${field};
      isMode = mode: builtins.isString mode && builtins.match "[0-7]{3,4}" mode != null;
    in
    if !(holds "mode" isMode) then bad "mode"
    else if !(holds "uid" isId) then bad "uid"
    else if !(holds "gid" isId) then bad "gid"
    else if !(holds "uname" builtins.isString) then bad "uname"
    else if !(holds "gname" builtins.isString) then bad "gname"
    else entry;

  # A target can be a path or a derivation too.
  symlink = { path, target ? null }:
    if builtins.isString target && target != "" || builtins.isPath target || target ? outPath
    then { inherit path; target = "${target}"; }
    else wrong.symlinks "has ${path} with the target ${show target}";

  grant = { path, capability ? null }:
    if builtins.isString capability && builtins.match ".*[=+-].*" capability != null
    then { inherit path capability; }
    else wrong.capabilities "has ${path} with the capability ${show capability}";

  # A store path in a regex is left out, so it must not come into the closure.
  exclude = regex:
    if builtins.isString regex && regex != "" then builtins.unsafeDiscardStringContext regex
    else wrong.excludes "has ${show regex} as an element";

  listOf = argument: each: value:
    if builtins.isList value then map each value else wrong.${argument} "is ${show value}";

  stated = listOf "directories" directory directories;
  ofUsers = userFiles { inherit users groups; };
  isStated = entry: lib.any (one: one.path == entry.path) stated;
  content = lib.filterAttrs (_: list: list != [ ]) {
    # Who states a home as a directory decides how it is.
    directories = stated ++ lib.filter (entry: !isStated entry) ofUsers.directories;
    symlinks = map symlink (pairs "symlinks" "target" symlinks);
    inherit (ofUsers) files;
    capabilities = map grant (pairs "capabilities" "capability" capabilities);
    excludes = listOf "excludes" exclude excludes;
  };
in
if content == { } then null else writeText "root-files.json" (builtins.toJSON content)
