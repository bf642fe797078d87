"""A function: a point for each whole unit that a buyer pays. Run it with the file of its key and a port to listen on."""
import base64, hmac, json, sys, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

key = base64.b64decode(open(sys.argv[1]).read().strip().removeprefix("whsec_"))
points = {}  # by the id of the event: what comes again counts once. A real one keeps them in a database.


class Loyalty(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        name, at = self.headers.get("webhook-id", ""), self.headers.get("webhook-timestamp", "0")
        signature = base64.b64encode(hmac.digest(key, f"{name}.{at}.".encode() + body, "sha256")).decode()
        if not hmac.compare_digest(f"v1,{signature}", self.headers.get("webhook-signature", "")) or abs(time.time() - int(at)) > 300:
            return self.answer(401)
        points[name] = json.loads(body)["total"]["amount_minor"] // 100
        print("order", self.headers["ce-subject"], "points", sum(points.values()), flush=True)
        self.answer(204)

    def answer(self, status):
        self.send_response(status)
        self.end_headers()


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[2])), Loyalty)
    print(f"http://127.0.0.1:{server.server_port}/order-paid", flush=True)
    server.serve_forever()
