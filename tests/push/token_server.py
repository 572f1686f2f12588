"""A token server for docker-registry, as the distribution project's token
specification tells.

Takes the user `push` with a password, by Basic or by a refresh token, and
gives tokens that are signed with a key of its own, whose certificate the
registry is told to trust. `life` is how many seconds a token really is good;
the answer says `told`. Every request is a line in `log`, without secrets.
"""
import base64
import http.server
import json
import os
import socketserver
import subprocess
import threading
import time
import urllib.parse

USER, PASSWORD, REFRESH_TOKEN = "push", "pass-word-that-is-secret", "refresh-token-that-is-secret"
# docker-registry takes a token for so many seconds after its end.
LEEWAY = 60


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class TokenServer(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, directory, life=300, told=300, denied=(), port=0):
        super().__init__(("127.0.0.1", port), Handler)
        self.directory, self.life, self.told, self.denied = directory, life, told, denied
        self.log = os.path.join(directory, "tokens.log")
        self.key, self.certificate = os.path.join(directory, "key.pem"), os.path.join(directory, "certificate.pem")
        if not os.path.exists(self.key):
            subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=tokens",
                            "-keyout", self.key, "-out", self.certificate], check=True, stderr=subprocess.DEVNULL)
        with open(self.certificate) as file:
            self.chain = ["".join(file.read().split("-----")[2].split())]
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server_address[1]}/token"

    def token(self, access):
        now = int(time.time())
        header = {"typ": "JWT", "alg": "RS256", "x5c": self.chain}
        claims = {"iss": "tokens", "aud": "registry", "sub": USER, "exp": now + self.life - LEEWAY,
                  "nbf": now - 2 * LEEWAY, "iat": now, "jti": os.urandom(8).hex(), "access": access}
        text = f"{b64(json.dumps(header).encode())}.{b64(json.dumps(claims).encode())}"
        signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", self.key], input=text.encode(),
                                   check=True, capture_output=True).stdout
        return f"{text}.{b64(signature)}"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def give(self, kind, known, scopes):
        with open(self.server.log, "a") as log:
            log.write(f"{kind} {' '.join(sorted(scopes))}\n")
        if not known:
            return self.answer(401, {"errors": [{"code": "UNAUTHORIZED", "message": "wrong user or password"}]})
        access = []
        for scope in scopes:
            kind, name, actions = scope.split(":")
            if name in self.server.denied:
                return self.answer(403, {"errors": [{"code": "DENIED", "message": f"{name} is not yours"}]})
            access.append({"type": kind, "name": name, "actions": actions.split(",")})
        self.answer(200, {"token": self.server.token(access), "expires_in": self.server.told})

    def do_GET(self):
        query = urllib.parse.parse_qs(urllib.parse.urlparse(self.path).query)
        wanted = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        given = self.headers.get("Authorization")
        self.give("basic" if given else "nobody", given == wanted, query.get("scope", []))

    def do_POST(self):
        form = urllib.parse.parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        known = form.get("grant_type") == ["refresh_token"] and form.get("refresh_token") == [REFRESH_TOKEN]
        self.give("refresh", known, form.get("scope", [""])[0].split())


if __name__ == "__main__":
    import sys
    directory, port, life, told, *denied = sys.argv[1:]
    TokenServer(directory, int(life), int(told), denied, int(port))
    threading.Event().wait()
