# A script that prints the raw manifest of an image for one platform. Of an
# index it takes the manifest of that platform. Arguments go to skopeo.
{ lib, writeShellApplication, skopeo, jq }:

{ imageName, imageTag, os, arch, tlsVerify, registryUrl }:

writeShellApplication {
  name = "get-manifest";
  runtimeInputs = [ skopeo jq ];
  text = ''
    image=${lib.escapeShellArg "docker://${registryUrl}/${imageName}"}
    raw() {
      skopeo --insecure-policy inspect --raw --tls-verify=${lib.boolToString tlsVerify} "$@"
    }

    manifest=$(raw "$@" "$image:"${lib.escapeShellArg imageTag})
    if jq --exit-status 'has("manifests")' <<<"$manifest" >/dev/null; then
      digest=$(jq --raw-output --arg os ${lib.escapeShellArg os} --arg arch ${lib.escapeShellArg arch} \
        'first(.manifests[] | select(.platform.os == $os and .platform.architecture == $arch) | .digest)' \
        <<<"$manifest")
      if [ -z "$digest" ]; then
        echo "error: $image has no manifest for ${os}/${arch}; change \`os\` or \`arch\`" >&2
        exit 1
      fi
      manifest=$(raw "$@" "$image@$digest")
    fi
    printf '%s\n' "$manifest"
  '';
}
