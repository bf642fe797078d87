"""The example, directed by a test: it says which message came, and reads from its standard input how to answer."""
import sys
from http.server import HTTPServer

sys.path.insert(0, sys.argv[3])
from loyalty import Loyalty


class Directed(Loyalty):
    def do_POST(self):
        print(self.headers["webhook-id"], flush=True)
        word = sys.stdin.readline().strip()
        if word == "check":
            return super().do_POST()
        self.rfile.read(int(self.headers["content-length"]))
        self.answer(int(word))


server = HTTPServer(("127.0.0.1", int(sys.argv[2])), Directed)
print(f"http://127.0.0.1:{server.server_port}/order-paid", flush=True)
server.serve_forever()
