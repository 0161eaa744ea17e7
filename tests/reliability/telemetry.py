"""What metrics cost a small request: the service as it ships, twice, and with OTEL_SDK_DISABLED=true, in one run.

    python3 telemetry.py FOLDER [SECONDS]     FOLDER: where `dotnet publish src/LossService -c Release -o FOLDER` put it

The three take short turns in random order, each on one connection. Two that are the same tell how much of a difference is chance.
"""

import json
import os
import random
import re
import socket
import subprocess
import sys
import time
import urllib.request

WARM_UP = 40_000
TURN = 100
SIDES = {"with": {}, "without": {"OTEL_SDK_DISABLED": "true"}, "with again": {}}
LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)


class Side:
    def __init__(self, folder, port, settings):
        environment = dict(os.environ, Kestrel__Endpoints__Http__Url=f"http://127.0.0.1:{port}",
                           Kestrel__Endpoints__Grpc__Url=f"http://127.0.0.1:{port + 1}", **settings)
        self.process = subprocess.Popen([os.path.join(folder, "LossService")], env=environment, stdout=subprocess.DEVNULL)
        self.turns = []
        self.address = ("127.0.0.1", port)

    def connect(self):
        for _ in range(200):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.address[1]}/readyz").close()
                break
            except OSError:
                time.sleep(0.1)
        self.socket = socket.create_connection(self.address)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def post(self, message, count):
        for _ in range(count):
            self.socket.sendall(message)
            answer = self.socket.recv(65536)
            while (end := answer.find(b"\r\n\r\n")) < 0 or len(answer) < end + 4 + int(LENGTH.search(answer)[1]):
                answer += self.socket.recv(65536)
            assert answer.startswith(b"HTTP/1.1 200"), answer


def message():
    chance = random.Random(1)
    body = json.dumps({
        "logits": [[round(chance.gauss(0, 3), 4) for _ in range(10)] for _ in range(32)],
        "labels": [chance.randrange(10) for _ in range(32)],
    }).encode()
    head = f"POST /v1/losses/cross_entropy HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def main(folder, seconds):
    posted = message()
    port = random.randrange(20_000, 30_000, 10)
    sides = {name: Side(folder, port + 2 * place, settings) for place, (name, settings) in enumerate(SIDES.items())}
    try:
        for side in sides.values():
            side.connect()
            side.post(posted, WARM_UP)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for side in random.sample(list(sides.values()), len(sides)):
                start = time.perf_counter()
                side.post(posted, TURN)
                side.turns.append((time.perf_counter() - start) / TURN * 1e6)
    finally:
        for side in sides.values():
            side.process.terminate()
    without = sorted(sides["without"].turns)
    for name, side in sides.items():
        turns = sorted(side.turns)
        told = []
        for what, part in (("median", 0.5), ("fastest tenth", 0.1)):
            at = int(len(turns) * part)
            told.append(f"{what} {turns[at]:.2f} µs ({turns[at] / without[at] - 1:+.1%})")
        print(f"{name:11} {len(turns)} turns: {', '.join(told)}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]) if len(sys.argv) > 2 else 60)
