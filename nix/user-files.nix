# Users and groups as files: `/etc/passwd`, `/etc/group`, and a home for each
# user, which is theirs. Root is always among them.
{ lib, wrongArgument }:

{ users, groups }:

let
  wrong = {
    users = wrongArgument "users" ''{ me = { uid = 1000; gid = 100; home = "/home/me"; shell = "/bin/sh"; }; }'';
    groups = wrongArgument "groups" ''{ wheel = { gid = 1; members = [ "me" ]; }; }'';
  };

  isName = name: builtins.match "[A-Za-z_][A-Za-z0-9_.-]*" name != null;
  isId = id: builtins.isInt id && id >= 0 && id <= 4294967295;
  # Colons and line breaks are what separates fields and lines.
  isField = text: builtins.isString text && builtins.match "[^:\n]*" text != null;
  isHome = home: isField home && builtins.match "/|(/[^/]+)+" home != null
    && builtins.match ".*/[.][.]?(/.*)?" home == null;
  areNames = names: builtins.isList names && lib.all (name: builtins.isString name && isName name) names;

  # A set of accounts, each with these fields, which are checked.
  accounts = argument: checks: value:
    let
      check = name: account:
        let
          unknown = lib.attrNames (removeAttrs account (lib.attrNames checks));
          bad = lib.filter (field: account ? ${field} && !(checks.${field} account.${field})) (lib.attrNames checks);
          id = if argument == "users" then "uid" else "gid";
        in
        if !(isName name) then wrong.${argument} "has the name `${name}`"
        else if !builtins.isAttrs account then wrong.${argument} "has ${name} as a value that is not a set"
        else if unknown != [ ] then wrong.${argument} "has ${name} with `${lib.head unknown}`, which is not known"
        else if bad != [ ] then wrong.${argument} "has ${name} with a `${lib.head bad}` that cannot be"
        else if !(account ? ${id}) then wrong.${argument} "has ${name} without a `${id}`"
        else if name == "root" && account.${id} != 0 then wrong.${argument} "has root with another `${id}` than 0"
        else account // { inherit name; };
    in
    if builtins.isAttrs value then lib.mapAttrsToList check value
    else wrong.${argument} "is not a set";

  complete = user: {
    gid = user.uid;
    home = if user.uid == 0 then "/root" else "/home/${user.name}";
    shell = "/bin/sh";
    description = "";
  } // user;

  given = map complete (accounts "users"
    { uid = isId; gid = isId; home = isHome; shell = isField; description = isField; }
    users);
  root = complete { name = "root"; uid = 0; description = "root"; };
  allUsers = lib.optional (!(users ? root)) root ++ given;

  givenGroups = map (group: { members = [ ]; } // group)
    (accounts "groups" { gid = isId; members = areNames; } groups);
  # A user's gid that no group has makes a group of the user's name.
  withGroupOf = all: user:
    if lib.any (group: group.gid == user.gid) all then all
    else if lib.any (group: group.name == user.name) all then
      wrong.users "has ${user.name} with the gid ${toString user.gid}, which no group has; add one to `groups`"
    else all ++ [ { inherit (user) name gid; members = [ ]; } ];
  allGroups = lib.foldl' withGroupOf givenGroups allUsers;
  groupName = gid: (lib.head (lib.filter (group: group.gid == gid) allGroups)).name;

  line = fields: lib.concatMapStringsSep ":" toString fields + "\n";
  lines = each: list: lib.concatMapStringsSep "" each list;
  passwd = lines (user: line [ user.name "x" user.uid user.gid user.description user.home user.shell ]) allUsers;
  group = lines (group: line [ group.name "x" group.gid (lib.concatStringsSep "," group.members) ]) allGroups;

  home = user: {
    path = user.home;
    mode = "0700";
    inherit (user) uid gid;
    uname = user.name;
    gname = groupName user.gid;
    attribute = "users";
  };
  # One home can be that of several users, and is then the first one's.
  firsts = all: entry: if lib.any (one: one.path == entry.path) all then all else all ++ [ entry ];
  homes = lib.filter (entry: !lib.elem entry.path [ "/" "/var/empty" ]) (map home allUsers);
in
if users == { } && groups == { } then { directories = [ ]; files = [ ]; }
else {
  directories = lib.foldl' firsts [ ] homes;
  files = [
    { path = "/etc/passwd"; content = passwd; attribute = "users"; }
    { path = "/etc/group"; content = group; attribute = "groups"; }
  ];
}
