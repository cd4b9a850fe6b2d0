"""A server, and a proxy, that repeats the key it was sent wherever it can; prints its URL first.

What is asked of it decides what it does: `/refuse/…` answers 401, `/break/…` answers an error inside the stream,
`/hang/…` never ends its stream; anything else answers well. The keys it saw are lines on its standard output.
"""

import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._document(404, {"error": f"no such page for {self._keys()}"})

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        keys = self._keys()
        if "/refuse/" in self.path:
            self._document(401, {"error": {"message": f"Incorrect API key provided: {keys}"}})
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Server", f"leaky {keys}"[:200])
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self._event({"choices": [{"index": 0, "delta": {"content": f"your key is {keys}"}}]})
        if "/break/" in self.path:
            self._event({"error": {"message": f"the key {keys} ran out"}})
            self.close_connection = True
            return
        while "/hang/" in self.path:
            time.sleep(0.05)
            self._event({"choices": [{"index": 0, "delta": {"content": " and on"}}]})
        self._event({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
        self._event({"choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 4}})
        self._chunk(b"data: [DONE]\n\n")
        self.wfile.write(b"0\r\n\r\n")

    def _keys(self) -> str:
        keys = [self.headers[name] for name in ("Authorization", "Proxy-Authorization") if name in self.headers]
        sys.stdout.write(f"{' '.join(keys)}\n")
        sys.stdout.flush()
        return " ".join(keys)

    def _event(self, document: object) -> None:
        self._chunk(f"data: {json.dumps(document)}\n\n".encode())

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    def _document(self, status: int, document: object) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *said: object) -> None:
        return


def main() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdout.write(f"http://127.0.0.1:{server.server_port}\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main()
