# nixpkgs' builders, on the programs of the machine instead of a stdenv.
{ lib, system, runtimeShell }:

rec {
  stdenv = {
    inherit mkDerivation;
    hostPlatform = { inherit system; };
    buildPlatform = { inherit system; canExecute = other: other.system == system; };
  };

  mkDerivation = attrs:
    let
      name = attrs.name or "${attrs.pname}-${attrs.version}";
      passthru = attrs.passthru or { };
      meta = attrs.meta or { };
      phases = {
        unpackPhase = ''
          cp -r "$src" source
          chmod -R u+w source
          cd source
        '';
        patchPhase = "runHook prePatch; runHook postPatch";
        buildPhase = "runHook preBuild; runHook postBuild";
        installPhase = "runHook preInstall; runHook postInstall";
      };
      forBuilder = removeAttrs attrs [ "passthru" "meta" ];
    in
    derivation ((if attrs ? buildCommand then { } else phases) // {
      inherit name system;
      builder = "/bin/bash";
      args = [ ./builder.sh ];
    } // forBuilder)
    // passthru // {
      inherit name meta passthru;
      overrideAttrs = change: mkDerivation (attrs // change attrs);
    };

  runCommand = name: env: buildCommand:
    mkDerivation ({ inherit name buildCommand; }
      // lib.optionalAttrs (!(env.__structuredAttrs or false)) { passAsFile = [ "buildCommand" ]; }
      // env);
  runCommandLocal = name: env: runCommand name (env // { preferLocalBuild = true; });

  writeTextFile = { name, text, executable ? false, destination ? "", meta ? { } }:
    runCommand name { inherit text meta; passAsFile = [ "buildCommand" "text" ]; } ''
      mkdir -p "$(dirname "$out${destination}")"
      cp "$textPath" "$out${destination}"
      ${lib.optionalString executable ''chmod +x "$out${destination}"''}
    '';
  writeText = name: text: writeTextFile { inherit name text; };
  writeScript = name: text: writeTextFile { inherit name text; executable = true; };
  writeScriptBin = name: text: writeTextFile {
    inherit name text;
    executable = true;
    destination = "/bin/${name}";
    meta.mainProgram = name;
  };
  writeShellScript = name: text: writeScript name "#!${runtimeShell}\n${text}";
  writeShellScriptBin = name: text: writeScriptBin name "#!${runtimeShell}\n${text}";
  writeShellApplication = { name, text, runtimeInputs ? [ ] }: writeShellScriptBin name ''
    set -o errexit
    set -o nounset
    set -o pipefail
    ${lib.optionalString (runtimeInputs != [ ])
      ''export PATH="${lib.makeBinPath runtimeInputs}:$PATH"''}

    ${text}
  '';

  buildEnv = { name, paths, pathsToLink ? [ "/" ], postBuild ? "", ignoreCollisions ? false }:
    runCommand name { } ''
      mkdir -p "$out"
      for path in ${lib.escapeShellArgs paths}; do
        for link in ${lib.escapeShellArgs pathsToLink}; do
          if [ -d "$path$link" ]; then
            mkdir -p "$out$link"
            cp -rsn "$(realpath "$path$link")/." "$out$link"
            chmod -R u+w "$out"
          fi
        done
      done
      ${postBuild}
    '';
  symlinkJoin = { name, paths, postBuild ? "" }: buildEnv { inherit name paths postBuild; };

  linkFarm = name: entries:
    let
      list = if builtins.isList entries then entries
        else lib.mapAttrsToList (name: path: { inherit name path; }) entries;
    in
    runCommand name { } (''
      mkdir -p "$out"
    '' + lib.concatMapStringsSep "\n" ({ name, path }: ''
      ln -s ${path} "$out"/${lib.escapeShellArg name}
    '') list);

  # A hook with the functions that packages call.
  installShellFiles = runCommand "install-shell-files" { } ''
    mkdir -p "$out/nix-support"
    cp ${./install-shell-files.sh} "$out/nix-support/setup-hook"
  '';

  # Dependencies come from cargo's registry at home, which must have them;
  # tests of the package are run outside Nix.
  rustPlatform.buildRustPackage = attrs: mkDerivation ({
    buildPhase = ''
      runHook preBuild
      cargo build --release --locked --offline
      runHook postBuild
    '';
    installPhase = ''
      runHook preInstall
      for program in target/release/*; do
        if [ -f "$program" ] && [ -x "$program" ]; then install -D "$program" -t "$out/bin"; fi
      done
      runHook postInstall
    '';
  } // removeAttrs attrs [ "cargoLock" "cargoTestFlags" ]
  // { lockFile = attrs.cargoLock.lockFile; });
}
