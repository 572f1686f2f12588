# shellcheck shell=bash disable=SC2154
# Fetches $path from $registry into $out. A token is asked for when the
# registry answers 401 with a challenge.

request() {
  curl --silent --show-error --location --retry 3 --dump-header headers \
    --output blob --write-out '%{http_code}' ${insecure:+--insecure} "$@"
}

# The value of a parameter of the challenge.
challenge() {
  grep -i '^www-authenticate: *bearer' headers | grep -o "$1=\"[^\"]*\"" | cut -d '"' -f 2 | head -n 1
}

# The credentials for the registry, as curl's --user, or nothing.
credentials() {
  if [ -f /etc/skopeo/auth.json ]; then
    jq -r --arg host "$registry" \
      '.auths[$host].auth // (if $host == "registry-1.docker.io" then .auths["https://index.docker.io/v1/"].auth else null end) // empty | @base64d' \
      /etc/skopeo/auth.json
  fi
}

scheme=https
if [ -n "$insecure" ] && ! curl --silent --insecure --output /dev/null "https://$registry/v2/"; then
  scheme=http
fi
url=$scheme://$registry/$path
status=$(request "$url") || status=000

if [ "$status" = 401 ]; then
  user=$(credentials)
  realm=$(challenge realm) || realm=
  if [ -n "$realm" ]; then
    token=$(curl --silent --show-error --fail --get "$realm" ${user:+--user "$user"} \
      --data-urlencode "service=$(challenge service)" \
      --data-urlencode "scope=$(challenge scope)" | jq -r '.token // .access_token')
    status=$(request --header "Authorization: Bearer $token" "$url") || status=000
  elif [ -n "$user" ]; then
    status=$(request --user "$user" "$url") || status=000
  fi
fi

if [ "$status" != 200 ]; then
  echo "error: $url answers $status; check imageName, registryUrl and imageManifest of pullImageFromManifest" >&2
  exit 1
fi
mv blob "$out"
