# A Python application: the server and Python, which seldom change, are in a
# layer of their own, so a change of hello.py rebuilds and sends that file.
{ pkgs, nix2container }:

let
  uwsgi = pkgs.uwsgi.override { plugins = [ "python3" ]; };
in
nix2container.buildImage {
  name = "uwsgi";
  config = {
    Cmd = [
      "${uwsgi}/bin/uwsgi"
      "--plugin"
      "python3"
      "--pythonhome"
      "${pkgs.python3}"
      "--http-socket"
      "0.0.0.0:8080"
      "--wsgi-file"
      "${./hello.py}"
    ];
    ExposedPorts."8080/tcp" = { };
  };
  layers = [
    (nix2container.buildLayer { deps = [ uwsgi pkgs.python3 ]; })
  ];
}
