# Files of a user, without that user at build time.
{ pkgs, nix2container }:

let
  home = pkgs.runCommand "home" { } ''
    mkdir -p $out/home/user
    echo 'Mine.' > $out/home/user/note
  '';
in
nix2container.buildImage {
  name = "ownership";
  copyToRoot = [ home ];
  perms = [
    {
      path = home;
      regex = "/home/user";
      mode = "0744";
      uid = 1000;
      gid = 1000;
      uname = "user";
      gname = "user";
    }
  ];
  config.Cmd = [ "${pkgs.coreutils}/bin/ls" "-ln" "/home" "/home/user" ];
}
