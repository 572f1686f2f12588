# Pushes to registries that want to know who we are, and by TLS. It is sourced
# by tests/push/run, which has the functions and variables.
# shellcheck shell=bash

basic_auth() {
  local credentials=push:pass-word-that-is-secret text
  require htpasswd apache2-utils
  htpasswd -Bbn -C 4 push pass-word-that-is-secret >"$work/htpasswd"
  serve_registry "auth: {htpasswd: {realm: test, path: $work/htpasswd}}"
  text=$(refused "$image" "$registry/test:x")
  expect_match "basic: nobody" "$text" "$registry wants credentials, and there are none for it"
  text=$(refused "$image" "$registry/test:x" --creds push:wrong-pass-word)
  expect_match "basic: a wrong password" "$text" "401 Unauthorized"
  expect "basic: what is told of the wrong password" "$(told 'wrong-pass-word')" 0
  text=$(refused "$image" "$registry/test:x" --creds no-colon-here)
  expect_match "basic: no password" "$text" "USER:PASSWORD"
  expect "basic: what is told of it" "$(told 'no-colon-here')" 0
  push "$image" "$registry/test:argument" --creds "$credentials" >/dev/null
  NIX2CONTAINER_CREDS=$credentials push "$image" "$registry/test:variable" >/dev/null
  push "$image" "$registry/test:input" --creds-file - <<<"$credentials" >/dev/null
  jq -n --arg registry "$registry" --arg auth "$(printf %s "$credentials" | base64)" \
    '{auths: {($registry): {auth: "d3Jvbmc6d3Jvbmc="}, ($registry + "/test"): {auth: $auth}}}' >"$work/auth.json"
  push "$image" "$registry/test:file" --authfile "$work/auth.json" >/dev/null
  REGISTRY_AUTH_FILE=$work/auth.json push "$image" "$registry/test:auth-variable" >/dev/null
  mkdir -p "$XDG_RUNTIME_DIR/containers"
  cp "$work/auth.json" "$XDG_RUNTIME_DIR/containers/auth.json"
  push "$image" "$registry/test:podman" >/dev/null
  rm "$XDG_RUNTIME_DIR/containers/auth.json"
  cp "$work/auth.json" "$DOCKER_CONFIG/config.json"
  push "$image" "$registry/test:docker" >/dev/null
  mkdir -p "$work/bin"
  printf '#!/bin/sh\nread -r host\n[ "$host" = "%s" ] || { echo credentials not found in native keychain; exit 1; }\n%s\n' \
    "$registry" 'echo "{\"Username\": \"push\", \"Secret\": \"pass-word-that-is-secret\"}"' >"$work/bin/docker-credential-test"
  chmod +x "$work/bin/docker-credential-test"
  jq -n --arg registry "$registry" '{credHelpers: {($registry): "test"}}' >"$DOCKER_CONFIG/config.json"
  PATH=$work/bin:$PATH push "$image" "$registry/test:helper" >/dev/null
  jq -n '{credsStore: "test", auths: {}}' >"$DOCKER_CONFIG/config.json"
  PATH=$work/bin:$PATH push "$image" "$registry/test:store" >/dev/null
  text=$(refused "$image" "$registry/test:x")
  expect_match "basic: no helper" "$text" "config.json: docker-credential-test for $registry: cannot be run"
  rm "$DOCKER_CONFIG/config.json"
  for tag in argument variable input file auth-variable podman docker helper store; do
    has_image "$registry/test:$tag" -u "$credentials"
  done
}

# start_tokens LIFE TOLD [DENIED…]: a token server, and a registry that wants
# its tokens.
start_tokens() {
  local token_port
  token_port=$(free_port)
  python3 -B "$here/token_server.py" "$work/tokens" "$token_port" "$@" &
  servers+=($!)
  wait_for "the token server" curl -s "http://127.0.0.1:$token_port/token"
  serve_registry "auth: {token: {realm: 'http://127.0.0.1:$token_port/token', service: registry, issuer: tokens, rootcertbundle: $work/tokens/certificate.pem}}"
  : >"$work/tokens/tokens.log"
}

token_auth() {
  local credentials=push:pass-word-that-is-secret text
  mkdir -p "$work/tokens"
  start_tokens 300 300 secret/base
  text=$(refused "$image" "$registry/test:x" --creds push:wrong-pass-word)
  expect_match "token: a wrong password" "$text" "token server refuses the credentials: .*401.*wrong user or password"
  : >"$work/tokens/tokens.log"
  push "$image" "$registry/test:x" "$registry/second:x" --creds "$credentials" --mount-from "$registry/base" >/dev/null
  expect "token: one token for all" "$(cat "$work/tokens/tokens.log")" \
    "basic repository:base:pull repository:second:pull,push repository:test:pull,push"
  : >"$work/tokens/tokens.log"
  push "$image" "$registry/third:x" --creds "$credentials" --mount-from "$registry/secret/base" >/dev/null
  expect "token: what may not be mounted" "$(cat "$work/tokens/tokens.log")" \
    "basic repository:secret/base:pull repository:third:pull,push
basic repository:third:pull,push"
  jq -n --arg registry "$registry" '{auths: {($registry): {identitytoken: "refresh-token-that-is-secret"}}}' >"$work/identity.json"
  : >"$work/tokens/tokens.log"
  push "$image" "$registry/fourth:x" --authfile "$work/identity.json" >/dev/null
  expect "token: an identity token" "$(cat "$work/tokens/tokens.log")" "refresh repository:fourth:pull,push"
  # The tokens last two seconds, and the server says that they are good for long:
  # the registry refuses them in the middle of the push.
  start_tokens 2 300
  many_layers "$work/some.json" 20 40000
  python3 -B - "$here" "$registry" <<'PYTHON' >"$work/proxy" &
import asyncio, sys
sys.path.insert(0, sys.argv[1])
from fault_proxy import FaultProxy
host, port = sys.argv[2].split(":")
async def main():
    proxy = FaultProxy((host, int(port)), 1, 1.0, faults=["delay"], delay=0.4)
    print(await proxy.start(), flush=True)
    await proxy.server.serve_forever()
asyncio.run(main())
PYTHON
  servers+=($!)
  wait_for "the slow proxy" test -s "$work/proxy"
  push "$work/some.json" "127.0.0.1:$(cat "$work/proxy")/slow:x" --creds "$credentials" --parallel 2 >/dev/null
  expect_match "token: refused in the middle, tokens" "$(wc -l <"$work/tokens/tokens.log")" "^([2-9]|[1-9][0-9])$"
  expect "token: refused in the middle, waits" "$(told 'trying again')" 0
  # Tokens of a second that say so are renewed before they end.
  start_tokens 60 1
  push "$work/some.json" "$registry/renewed:x" --creds "$credentials" >/dev/null
}

tls() {
  local scheme=https text
  openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=authority -keyout "$work/ca.key" -out "$work/ca.pem" 2>/dev/null
  openssl req -newkey rsa:2048 -nodes -subj /CN=registry -keyout "$work/tls.key" -out "$work/tls.csr" 2>/dev/null
  openssl x509 -req -in "$work/tls.csr" -CA "$work/ca.pem" -CAkey "$work/ca.key" -CAcreateserial -days 2 \
    -extfile <(echo subjectAltName=IP:127.0.0.1) -out "$work/tls.pem" 2>/dev/null
  serve_registry "http: {tls: {certificate: $work/tls.pem, key: $work/tls.key}}"
  text=$(refused "$image" "$registry/test:x" --retries 1)
  expect_match "TLS: an unknown authority" "$text" "certificate"
  expect "TLS: a wrong certificate is not tried again" "$(told 'trying again')" 0
  text=$(refused "$image" "$registry/test:x" --ca "$work/htpasswd")
  expect_match "TLS: no certificate in --ca" "$text" "$work/htpasswd: it has no certificate"
  push "$image" "$registry/test:ca" --ca "$work/ca.pem" >/dev/null
  push "$image" "$registry/test:insecure" --insecure >/dev/null
  SSL_CERT_FILE=$work/ca.pem push "$image" "$registry/test:system" >/dev/null
  NIX_SSL_CERT_FILE=$work/ca.pem push "$image" "$registry/test:nix" >/dev/null
  for tag in ca insecure system nix; do has_image "$registry/test:$tag" --cacert "$work/ca.pem"; done
  scheme=http
  serve_registry
  # With an authority, this machine is talked to by TLS, too.
  text=$(refused "$image" "$registry/test:x" --ca "$work/ca.pem" --retries 0)
  expect_match "TLS: plain HTTP" "$text" "does not speak TLS.*--insecure"
}

# Uploads go to another host, which asks for credentials and names a token
# server of its own: they are not for it.
other_host() {
  local credentials=push:pass-word-that-is-secret text port
  port=$(free_port)
  python3 -B - "$port" <<'PYTHON' >"$work/other-host.log" &
import http.server, os, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass
    def answer(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        told = f"{self.command} {self.path.split('?')[0]} {self.headers.get('Authorization')}\n"
        os.write(1, told.encode())  # whole lines, of all threads
        self.send_response(401)
        self.send_header("WWW-Authenticate", f'Bearer realm="http://127.0.0.1:{sys.argv[1]}/token"')
        self.end_headers()
    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = answer
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
PYTHON
  servers+=($!)
  wait_for "the other host" curl -s "http://127.0.0.1:$port/"
  serve_registry "auth: {htpasswd: {realm: test, path: $work/htpasswd}}" "http: {host: 'http://127.0.0.1:$port'}"
  text=$(refused "$image" "$registry/test:x" --creds "$credentials" --retries 0)
  expect_match "another host: wants to know us" "$text" "401 Unauthorized"
  expect_match "another host: was asked" "$(cat "$work/other-host.log")" "^PUT /v2/test/blobs/uploads/"
  # Its first request is the one that waited for it.
  expect "another host: what it was told of us" "$(tail -n +2 "$work/other-host.log" | grep -cv '^PUT /v2/.* None$')" 0
}
