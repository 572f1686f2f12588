# An image's name with the registry that it has when it names none: Docker Hub,
# which has other names for its own servers, and `library` for images of nobody.
{ lib }:

name:

let
  parts = lib.splitString "/" name;
  first = lib.head parts;
  rest = lib.concatStringsSep "/" (lib.tail parts);
  isRegistry = lib.length parts > 1 && (builtins.match ".*[.:].*" first != null || first == "localhost");
  isHub = lib.elem first [ "docker.io" "index.docker.io" "registry-1.docker.io" ];
  onHub = path: "docker.io/${lib.optionalString (! lib.hasInfix "/" path) "library/"}${path}";
in
if ! isRegistry then onHub name
else if isHub then onHub rest
else name
