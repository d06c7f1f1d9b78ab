"""A receiver that trusts nothing but the public package: it verifies each delivery, and refuses the same one altered.

Says on stderr where it listens, then one line of JSON for each delivery."""

import json
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

from standardwebhooks.webhooks import Webhook, WebhookVerificationError


class Receiver(BaseHTTPRequestHandler):
    # The secret stands in a file as soon as it is known.
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        with open(sys.argv[1]) as file:
            webhook = Webhook(file.read().strip())
        headers = {name.lower(): value for name, value in self.headers.items()}
        told = webhook.verify(body, headers)
        for altered, beside in (
            (body + b" ", headers),
            (body, {**headers, "webhook-id": headers["webhook-id"] + "0"}),
            (body, {**headers, "webhook-timestamp": str(int(headers["webhook-timestamp"]) + 1)}),
            (body, {**headers, "webhook-signature": "v1," + "A" * 43 + "="}),
        ):
            try:
                webhook.verify(altered, beside)
                raise SystemExit("an altered delivery was believed")
            except WebhookVerificationError:
                pass
        self.send_response(204)
        self.end_headers()
        print("delivered", json.dumps({"id": headers["webhook-id"], "told": told}), file=sys.stderr, flush=True)

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), Receiver)
print("listening", server.server_port, file=sys.stderr, flush=True)
server.serve_forever()
