# A web server with one page on port 8080.
{ pkgs, nix2container }:

let
  page = pkgs.writeText "index.html" "<h1>Streamed from the store</h1>\n";
  root = pkgs.runCommand "root" { } ''
    mkdir -p $out/etc $out/tmp $out/var/log/nginx $out/www
    echo 'root:x:0:0::/:' > $out/etc/passwd
    echo 'root:x:0:' > $out/etc/group
    cp ${page} $out/www/index.html
  '';
  configuration = pkgs.writeText "nginx.conf" ''
    daemon off;
    user root root;
    pid /tmp/nginx.pid;
    error_log stderr;
    events { }
    http {
      access_log off;
      client_body_temp_path /tmp/body;
      proxy_temp_path /tmp/proxy;
      fastcgi_temp_path /tmp/fastcgi;
      uwsgi_temp_path /tmp/uwsgi;
      scgi_temp_path /tmp/scgi;
      server {
        listen 8080;
        root /www;
      }
    }
  '';
in
nix2container.buildImage {
  name = "nginx";
  copyToRoot = root;
  config = {
    Cmd = [ "${pkgs.nginx}/bin/nginx" "-e" "stderr" "-c" configuration ];
    ExposedPorts."8080/tcp" = { };
  };
}
