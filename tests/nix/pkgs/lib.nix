# The functions of nixpkgs' lib that this project calls, with their meaning
# there.
let
  inherit (builtins) attrNames concatLists elem filter functionArgs hasAttr head isList isPath
    listToAttrs map match replaceStrings stringLength substring toString;
in
rec {
  inherit (builtins) any all attrNames attrValues concatMap concatStringsSep elem filter foldl' genList
    head length listToAttrs mapAttrs tail;

  genAttrs = names: f: listToAttrs (map (name: { inherit name; value = f name; }) names);
  filterAttrs = keep: set:
    removeAttrs set (filter (name: !keep name set.${name}) (attrNames set));
  mapAttrsToList = f: set: map (name: f name set.${name}) (attrNames set);

  optional = condition: value: if condition then [ value ] else [ ];
  optionals = condition: list: if condition then list else [ ];
  toList = value: if isList value then value else [ value ];
  unique = builtins.foldl' (all: one: if elem one all then all else all ++ [ one ]) [ ];

  optionalAttrs = condition: set: if condition then set else { };
  optionalString = condition: text: if condition then text else "";
  concatMapStringsSep = separator: f: list: concatStringsSep separator (map f list);
  boolToString = value: if value then "true" else "false";
  last = list: builtins.elemAt list (length list - 1);
  hasSuffix = suffix: text:
    let from = stringLength text - stringLength suffix;
    in from >= 0 && substring from (-1) text == suffix;
  hasInfix = infix: text: length (splitString infix text) > 1;
  splitString = separator: text:
    filter builtins.isString (builtins.split (builtins.replaceStrings [ "." "/" ] [ "[.]" "[/]" ] separator) text);
  findFirst = holds: default: list:
    let found = filter holds list; in if found == [ ] then default else head found;
  removeSuffix = suffix: text:
    if hasSuffix suffix text then substring 0 (stringLength text - stringLength suffix) text else text;
  hasPrefix = prefix: text: substring 0 (stringLength prefix) text == prefix;
  removePrefix = prefix: text:
    if hasPrefix prefix text then substring (stringLength prefix) (-1) text else text;
  toLower =
    let
      upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
      letters = text: genList (i: substring i 1 text) (stringLength text);
    in
    replaceStrings (letters upper) (letters "abcdefghijklmnopqrstuvwxyz");
  escapeShellArg = value:
    let text = toString value;
    in if match "[[:alnum:],._+:@%/-]+" text == null
    then "'${replaceStrings [ "'" ] [ "'\\''" ] text}'"
    else text;
  escapeShellArgs = concatMapStringsSep " " escapeShellArg;
  makeBinPath = concatMapStringsSep ":" (path: "${path}/bin");
  getExe = package: "${package}/bin/${package.meta.mainProgram}";

  importTOML = file: fromTOML (builtins.readFile file);
  importJSON = file: builtins.fromJSON (builtins.readFile file);
  isDerivation = value: value.type or null == "derivation";
  throwIfNot = condition: message: if condition then value: value else throw message;
  warn = message: value: builtins.trace "evaluation warning: ${message}" value;

  callPackageWith = all: file: given:
    let f = if builtins.isFunction file then file else import file;
    in f (builtins.intersectAttrs (functionArgs f) all // given);

  licenses.asl20 = { spdxId = "Apache-2.0"; free = true; };
  fetchers.proxyImpureEnvVars =
    [ "http_proxy" "https_proxy" "ftp_proxy" "all_proxy" "no_proxy" ];
}
