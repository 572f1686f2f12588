# One blob of a registry, fixed by its own digest. A registry that wants a
# token is asked for one, as the distribution specification says: with the
# credentials of /etc/skopeo/auth.json where it has some, else as nobody.
{ lib, runCommand, cacert, curl, jq }:

{ registryUrl, imageName, tlsVerify, digest }:

let
  hex = lib.removePrefix "sha256:" digest;
in
runCommand "blob-${builtins.substring 0 12 hex}"
{
  nativeBuildInputs = [ curl jq ];
  impureEnvVars = lib.fetchers.proxyImpureEnvVars;
  outputHash = hex;
  outputHashAlgo = "sha256";
  outputHashMode = "flat";
  SSL_CERT_FILE = "${cacert}/etc/ssl/certs/ca-bundle.crt";
  path = "v2/${imageName}/blobs/${digest}";
  registry = registryUrl;
  insecure = lib.optionalString (!tlsVerify) "yes";
} (builtins.readFile ./fetch-blob.sh)
