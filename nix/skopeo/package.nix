# skopeo with the transport `nix:`.
#
# One file is dropped into skopeo's own command package; nothing in its vendor
# directory or go.mod changes. Older releases vendor containers/image under
# another name, so the import path is chosen by what is there.
{ skopeo, nix2container-bin }:

skopeo.overrideAttrs (old: {
  postPatch = (old.postPatch or "") + ''
    cp ${./nix_transport.go} cmd/skopeo/nix_transport.go
    chmod u+w cmd/skopeo/nix_transport.go
    substituteInPlace cmd/skopeo/nix_transport.go --replace-fail \
      'nix2containerBinary = "nix2container"' \
      'nix2containerBinary = "${nix2container-bin}/bin/nix2container"'
    if ! grep -q 'go\.podman\.io/image' go.mod; then
      substituteInPlace cmd/skopeo/nix_transport.go --replace-fail \
        'go.podman.io/image/v5' 'github.com/containers/image/v5'
    fi
  '';
})
