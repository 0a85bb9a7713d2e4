"""Stands in for the command line of `tradepost`, so that the supervisor is tested by itself."""

import http.server
import os
import subprocess
import sys
import time
from pathlib import Path


class Ready(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/readyz" else 404)
        self.end_headers()

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        print("request", self.path, flush=True)


def main(command: str) -> None:
    seen = Path(os.environ["TRADEPOST_DATA_DIR"]) / f"{command}.seen"
    seen.write_text(seen.read_text() + "x" if seen.exists() else "x")
    print(f"{command} was called", flush=True)
    if command in os.environ.get("FAILING", "").split():
        print(f"{command} cannot go on", flush=True)
        sys.exit(3)
    if command in {"migrate", "deploy"}:
        return
    if command == "serve":
        address = (os.environ["TRADEPOST_HOST"], int(os.environ["TRADEPOST_PORT"]))
        http.server.HTTPServer(address, Ready).serve_forever()
    if command == "worker":  # a process may have children of its own
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    time.sleep(600)


if __name__ == "__main__":
    main(sys.argv[1])
