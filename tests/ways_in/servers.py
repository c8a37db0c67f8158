"""A server over TLS, on this machine alone: an issuer of OpenID Connect, or a webhook that knows one token.

Usage: servers.py issuer|webhook PORT CERTIFICATE KEY [JWKS | CLIENT_CA]
"""

import http.server
import json
import ssl
import sys

ROLE, PORT, CERTIFICATE, KEY = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
URL = f"https://127.0.0.1:{PORT}"


class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self, document):
        body = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path == "/.well-known/openid-configuration":
            self.answer({"issuer": URL, "jwks_uri": URL + "/keys", "id_token_signing_alg_values_supported": ["RS256"]})
        elif self.path == "/keys":
            with open(sys.argv[5]) as file:
                self.answer(json.load(file))
        else:
            self.send_error(404)

    def do_POST(self):
        review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        known = review["spec"]["token"] == "the-webhook-knows-this"
        status = {"authenticated": known}
        if known:
            status["user"] = {"username": "wendy", "groups": ["hooked"]}
        self.answer({"apiVersion": review["apiVersion"], "kind": "TokenReview", "status": status})


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(CERTIFICATE, KEY)
if ROLE == "webhook":
    context.load_verify_locations(sys.argv[5])
    context.verify_mode = ssl.CERT_REQUIRED
server = http.server.ThreadingHTTPServer(("127.0.0.1", PORT), Handler)
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
