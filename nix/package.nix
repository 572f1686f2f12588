# The program, with its shell completions and man pages.
{ lib, stdenv, rustPlatform, installShellFiles }:

let
  # Nothing but what the program is built from, so that a change of the README
  # or of a test builds no program, and so no image, again.
  source = builtins.path {
    name = "nix2container-source";
    path = ../.;
    filter = path: _type:
      let
        relative = lib.removePrefix (toString ../. + "/") (toString path);
      in
      lib.any (wanted: relative == wanted || lib.hasPrefix "${wanted}/" relative)
        [ "Cargo.toml" "Cargo.lock" "src" ];
  };
in
rustPlatform.buildRustPackage {
  pname = "nix2container";
  version = (lib.importTOML ../Cargo.toml).package.version;
  src = source;
  cargoLock.lockFile = ../Cargo.lock;
  cargoTestFlags = [ "--lib" ];
  nativeBuildInputs = [ installShellFiles ];
  postInstall = lib.optionalString (stdenv.buildPlatform.canExecute stdenv.hostPlatform) ''
    mkdir man
    $out/bin/nix2container man man
    installManPage man/*.1
    for shell in bash fish zsh; do
      $out/bin/nix2container completions $shell > completions.$shell
      installShellCompletion --cmd nix2container --$shell completions.$shell
    done
  '';
  meta = {
    description = "Container images described by Nix, without a tarball in the store";
    license = lib.licenses.asl20;
    mainProgram = "nix2container";
  };
}
