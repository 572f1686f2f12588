{
  description = "Container images described by Nix, without a tarball in the store";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";

  outputs = { self, nixpkgs }:
    let
      systems = [ "x86_64-linux" "aarch64-linux" "x86_64-darwin" "aarch64-darwin" ];
      forAllSystems = nixpkgs.lib.genAttrs systems;
      all = system: import ./. { inherit system; pkgs = nixpkgs.legacyPackages.${system}; };
    in
    {
      packages = forAllSystems (system: all system // { default = (all system).nix2container-bin; });
      # Images hold programs for Linux.
      checks = nixpkgs.lib.genAttrs [ "x86_64-linux" "aarch64-linux" ] (system: import ./nix/checks.nix {
        pkgs = nixpkgs.legacyPackages.${system};
        packages = all system;
      });
    };
}
