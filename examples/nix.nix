# Nix in a container, which knows the store paths of its image and can build.
{ pkgs, nix2container }:

nix2container.buildImage {
  name = "nix";
  initializeNixDatabase = true;
  copyToRoot = [
    (pkgs.buildEnv {
      name = "root";
      paths = [ pkgs.bashInteractive pkgs.coreutils pkgs.nix ];
      pathsToLink = [ "/bin" ];
    })
    (pkgs.runCommand "tmp" { } "mkdir -p $out/tmp")
  ];
  config = {
    Cmd = [ "/bin/nix-store" "--query" "--requisites" "${pkgs.nix}" ];
    Env = [
      "PATH=/bin"
      "HOME=/tmp"
      "USER=nobody"
      "NIX_PAGER=cat"
      "NIX_CONFIG=build-users-group =\nsandbox = false"
    ];
  };
}
