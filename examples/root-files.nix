# What no store path can have: a directory for everybody, a user with a home,
# symlinks, a program that may use port 80 though its user is not root, and a
# path without its documentation.
{ pkgs, nix2container }:

let
  root = pkgs.runCommand "root" { } ''
    mkdir -p $out/bin $out/share/doc $out/share/documents
    cp ${pkgs.busybox}/bin/busybox $out/bin/busybox
    echo 'Nobody reads it there.' > $out/share/doc/README
  '';
in
nix2container.buildImage {
  name = "root-files";
  copyToRoot = root;
  directories = [ { path = "/tmp"; mode = "1777"; } ];
  symlinks = pkgs.lib.genAttrs [ "/bin/sh" "/bin/whoami" "/bin/stat" "/bin/grep" "/bin/ls" ] (_: "busybox");
  users.me = { uid = 1000; };
  capabilities."/bin/busybox" = "cap_net_bind_service=+ep";
  excludes = [ "^/share/doc$" ];
  config = {
    User = "me";
    WorkingDir = "/home/me";
    Env = [ "PATH=/bin" ];
    Cmd = [
      "/bin/sh"
      "-c"
      "echo $(whoami) $(stat -c %a /tmp) $(grep CapEff /proc/self/status) $(ls /share)"
    ];
  };
}
