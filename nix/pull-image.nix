# A base image that is pulled whole, into one store path with its manifest and
# its blobs. `sha256` is the hash of that path.
#
# Passthru: `directory`, that path; `reference`, the image's name and digest;
# and `withConfig`, see base-image.nix.
{ lib, runCommand, cacert, go, skopeo, baseImage, fullName }:

{ # The image's name, with the registry where it is not Docker Hub.
  imageName
, # The digest of its manifest, or of an index that has it.
  imageDigest
, # The hash of the store path that skopeo fills.
  sha256
, os ? "linux"
, # The architecture, by Go's name.
  arch ? go.GOARCH
, # Whether the registry must have a valid certificate.
  tlsVerify ? true
, # The name of that store path.
  name ? "docker-image-${builtins.replaceStrings [ "/" ":" ] [ "-" "-" ] imageName}"
}:

let
  directory = runCommand name
    {
      nativeBuildInputs = [ skopeo ];
      impureEnvVars = lib.fetchers.proxyImpureEnvVars;
      outputHash = sha256;
      outputHashAlgo = "sha256";
      outputHashMode = "recursive";
      SSL_CERT_FILE = "${cacert}/etc/ssl/certs/ca-bundle.crt";
      passthru = { inherit imageName imageDigest; };
    } ''
    if [ -f /etc/skopeo/auth.json ]; then
      set -- --authfile /etc/skopeo/auth.json
    fi
    skopeo --insecure-policy --tmpdir "$TMPDIR" \
      --override-os ${lib.escapeShellArg os} --override-arch ${lib.escapeShellArg arch} \
      copy --src-tls-verify=${lib.boolToString tlsVerify} "$@" \
      ${lib.escapeShellArg "docker://${imageName}@${imageDigest}"} "dir:$out"
  '';
in
baseImage {
  inherit imageName;
  command = "image-from-dir";
  files = [ directory ];
  passthru = {
    inherit directory;
    mountFrom = [ imageName ];
    reference = { name = fullName imageName; digest = imageDigest; };
  };
}
