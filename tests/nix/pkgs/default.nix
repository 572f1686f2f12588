# A stand-in for nixpkgs, for machines that cannot fetch it: nixpkgs' names
# and arguments, made of the programs of a Debian machine. Only what this
# project, its examples and its tests use is here.
{ system ? builtins.currentSystem }:

let
  lib = import ./lib.nix;
  architectures = { x86_64 = "amd64"; aarch64 = "arm64"; };
  support = import ./build-support.nix { inherit lib system; runtimeShell = "${pkgs.bash}/bin/bash"; };

  # A program of Debian, with its libraries.
  fromDebian = { name, mainProgram ? name, ... }@attrs:
    support.mkDerivation ({
      shell = "${pkgs.bash}/bin/bash";
      buildCommand = ". ${./from-debian.sh}";
      meta = { inherit mainProgram; };
    } // removeAttrs attrs [ "mainProgram" ]);

  bash = name: support.runCommand name { meta.mainProgram = "bash"; } ''
    mkdir -p "$out/bin"
    cp /bin/bash-static "$out/bin/bash"
    ln -s bash "$out/bin/sh"
  '';

  busybox = name: support.runCommand name { meta.mainProgram = "busybox"; } ''
    mkdir -p "$out/bin"
    cp /bin/busybox "$out/bin/busybox"
    for applet in $("$out/bin/busybox" --list); do
      if [ "$applet" != busybox ]; then ln -s busybox "$out/bin/$applet"; fi
    done
  '';

  python = "python3.11";

  pkgs = support // {
    inherit lib system;
    buildPackages = pkgs;
    callPackage = lib.callPackageWith pkgs;
    go.GOARCH = architectures.${lib.head (builtins.split "-" system)};

    bash = bash "bash-5.2";
    bashInteractive = bash "bash-interactive-5.2";
    busybox = busybox "busybox-1.35";
    coreutils = busybox "coreutils-1.35";

    hello = support.runCommand "hello-1.0" { meta.mainProgram = "hello"; } ''
      mkdir -p "$out/bin"
      cc -static -O2 -o "$out/bin/hello" ${./hello.c}
    '';

    cacert = support.runCommand "nss-cacert-1.0" { } ''
      mkdir -p "$out/etc/ssl/certs"
      cp /etc/ssl/certs/ca-certificates.crt "$out/etc/ssl/certs/ca-bundle.crt"
    '';

    curl = fromDebian { name = "curl"; programs = [ "/usr/bin/curl" ]; };
    jq = fromDebian { name = "jq"; programs = [ "/usr/bin/jq" ]; };
    sqlite = fromDebian { name = "sqlite"; programs = [ "/usr/bin/sqlite3" ]; mainProgram = "sqlite3"; };
    nix = fromDebian {
      name = "nix";
      programs = map (name: "/usr/bin/${name}")
        [ "nix" "nix-store" "nix-build" "nix-instantiate" "nix-env" ]
        ++ [ "/usr/libexec/nix/build-remote" ];
    };
    nginx = fromDebian { name = "nginx"; programs = [ "/usr/sbin/nginx" ]; };

    python3 = fromDebian {
      name = "python3";
      programs = [ "/usr/bin/python3" ];
      plugins = "/usr/lib/${python}/lib-dynload/*.so";
      prelude = "export PYTHONHOME=\${0%/bin/*}";
      postInstall = ''
        cp -r /usr/lib/${python} "$out/lib/${python}"
        find "$out/lib/${python}" -name __pycache__ -prune -exec rm -r {} +
      '';
    };

    uwsgi = uwsgi { plugins = [ ]; } // { override = uwsgi; };

    # Debian's source, unpacked where tests/nix/examples links it. skopeo
    # starts itself again under its own name, so it is not copied but built.
    skopeo = support.mkDerivation {
      pname = "skopeo";
      version = "1.9.3";
      src = "/var/tmp/nix2container-skopeo-source";
      unpackPhase = ''
        mkdir -p go/src/github.com/containers
        cp -r "$src/." go/src/github.com/containers/skopeo
        chmod -R u+w go
        export GOPATH=$PWD/go:/usr/share/gocode GOCACHE=$PWD/cache
        cd go/src/github.com/containers/skopeo
      '';
      buildPhase = ''
        runHook preBuild
        GO111MODULE=off GOFLAGS= GOTOOLCHAIN=local /usr/bin/go build -o bin/skopeo -tags \
          'containers_image_openpgp exclude_graphdriver_btrfs exclude_graphdriver_devicemapper' \
          ./cmd/skopeo
        runHook postBuild
      '';
      installPhase = ''
        runHook preInstall
        install -D bin/skopeo "$out/bin/skopeo"
        runHook postInstall
      '';
      meta.mainProgram = "skopeo";
    };
  };

  uwsgi = { plugins }: fromDebian {
    name = "uwsgi";
    programs = [ "/usr/bin/uwsgi" ];
    plugins = map (name: "/usr/lib/uwsgi/plugins/${name}_plugin.so") plugins;
    arguments = "--plugins-dir \${0%/bin/*}/lib/uwsgi";
    postInstall = ''
      mkdir "$out/lib/uwsgi"
      for plugin in $plugins; do cp -L "$plugin" "$out/lib/uwsgi"; done
    '';
  };
in
pkgs
