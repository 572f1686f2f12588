# Nix in a container for a user who is not root: the database is theirs.
{ pkgs, nix2container }:

let
  user = pkgs.runCommand "user" { } ''
    mkdir -p $out/etc $out/home/user $out/tmp
    echo 'user:x:1000:1000::/home/user:/bin/bash' > $out/etc/passwd
    echo 'user:x:1000:' > $out/etc/group
  '';
in
nix2container.buildImage {
  name = "nix-user";
  initializeNixDatabase = true;
  nixUid = 1000;
  nixGid = 1000;
  copyToRoot = [
    (pkgs.buildEnv {
      name = "root";
      paths = [ pkgs.bashInteractive pkgs.coreutils pkgs.nix ];
      pathsToLink = [ "/bin" ];
    })
    user
  ];
  perms = [
    { path = user; regex = "/home/user"; mode = "0755"; uid = 1000; gid = 1000; }
    { path = user; regex = "/tmp"; mode = "1777"; }
  ];
  config = {
    User = "user";
    WorkingDir = "/home/user";
    Cmd = [ "/bin/nix-store" "--query" "--requisites" "${pkgs.nix}" ];
    Env = [ "PATH=/bin" "HOME=/home/user" "USER=user" "NIX_PAGER=cat" ];
  };
}
