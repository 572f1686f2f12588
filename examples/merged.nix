# Paths that share directories and files, each with its own rules: the rules of
# all apply to a directory they share, and equal files are no conflict.
{ pkgs, nix2container }:

let
  service = name: uid: rec {
    root = pkgs.runCommand name { } ''
      mkdir -p $out/etc $out/var/log/${name}
      echo '127.0.0.1 localhost' > $out/etc/hosts
    '';
    perms = [
      { path = root; regex = "/var/log/${name}$"; mode = "0750"; inherit uid; gid = uid; }
      { path = root; regex = "/var/log$"; mode = "1777"; }
    ];
  };
  web = service "web" 80;
  mail = service "mail" 25;
in
nix2container.buildImage {
  name = "merged";
  copyToRoot = [ web.root mail.root ];
  perms = web.perms ++ mail.perms;
  config.Cmd = [ "${pkgs.coreutils}/bin/stat" "-c" "%n %a %u" "/var/log" "/var/log/web" "/var/log/mail" ];
}
