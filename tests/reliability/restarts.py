"""Two replicas behind HAProxy, restarted in turn while clients use them: no request may be lost.

    python3 restarts.py FOLDER [RESTARTS]     FOLDER: where `dotnet publish src/LossService -c Release -o FOLDER` put it
"""

import asyncio
import signal
import subprocess
import sys
import tempfile
import time

from service import Service, free_port

NATIVE = "/v1/losses/cross_entropy"
LINE = b'{"logits":[[1,2,3]],"labels":[0]}\n'
DRAIN = 3

PROXY = """
defaults
    mode http
    timeout connect 2s
    timeout client 60s
    timeout server 60s
    retries 0
frontend front
    bind 127.0.0.1:{front}
    default_backend replicas
backend replicas
    balance roundrobin
    option httpchk
    http-check send meth GET uri /readyz ver HTTP/1.1 hdr Host localhost
    server a 127.0.0.1:{a} check inter 500ms fall 1 rise 1
    server b 127.0.0.1:{b} check inter 500ms fall 1 rise 1
"""


async def small(port, counts):
    """On a connection that is kept as long as the service keeps it."""
    head = (f"POST {NATIVE} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(LINE)}\r\n\r\n").encode()
    writer = None
    while True:
        try:
            if writer is None:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(head + LINE)
            answer = (await reader.readuntil(b"\r\n\r\n")).lower()
            await reader.readexactly(int(answer.split(b"content-length:")[1].split()[0]))
            counts["small", answer.split()[1] == b"200"] = counts.get(("small", answer.split()[1] == b"200"), 0) + 1
            if b"connection: close" in answer:
                writer.close()
                writer = None
        except (OSError, asyncio.IncompleteReadError):
            counts["small", False] = counts.get(("small", False), 0) + 1
            writer = None
        await asyncio.sleep(0.005)


async def slow(port, counts, kind, content_type, pieces):
    """A request whose body takes two seconds."""
    while True:
        isgood = False
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write((f"POST {NATIVE} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: {content_type}\r\n"
                          f"Content-Length: {sum(map(len, pieces))}\r\n\r\n").encode())
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(2 / len(pieces))
            answer = await reader.read()
            isgood = answer.startswith(b"HTTP/1.1 200") and (kind == "upload" or answer.count(b'"loss"') >= len(pieces))
            writer.close()
        except OSError:
            pass
        counts[kind, isgood] = counts.get((kind, isgood), 0) + 1


async def start(folder, port):
    service = Service(folder, 2**29, [f"Limits__DrainSeconds={DRAIN}", f"Kestrel__Endpoints__Http__Url=http://127.0.0.1:{port}"])
    service.port = port
    return await service.ready()


async def main(folder, restarts):
    ports, front, counts, seconds = (free_port(), free_port()), free_port(), {}, []
    replicas = [await start(folder, port) for port in ports]
    with tempfile.NamedTemporaryFile("w", suffix=".cfg") as configuration:
        configuration.write(PROXY.format(front=front, a=ports[0], b=ports[1]))
        configuration.flush()
        proxy = subprocess.Popen(["haproxy", "-db", "-f", configuration.name], stderr=subprocess.DEVNULL)
        await asyncio.sleep(2)
        upload = LINE.strip().ljust(2**20)
        body = [upload[at:at + 2**16] for at in range(0, len(upload), 2**16)]
        clients = [asyncio.create_task(client) for client in (
            *(small(front, counts) for _ in range(8)),
            *(slow(front, counts, "upload", "application/json", body) for _ in range(4)),
            *(slow(front, counts, "stream", "application/x-ndjson", [LINE] * 10) for _ in range(4)))]
        await asyncio.sleep(3)
        for number in range(restarts):
            which = number % 2
            old, began = replicas[which], time.monotonic()
            old.process.send_signal(signal.SIGTERM)
            while old.lives():
                await asyncio.sleep(0.05)
            seconds.append(time.monotonic() - began)
            print(f"restart {number + 1}: exit {old.process.returncode} after {seconds[-1]:.1f} s", flush=True)
            old.stop()
            replicas[which] = await start(folder, ports[which])
            await asyncio.sleep(2)
        for client in clients:
            client.cancel()
        proxy.kill()
    for replica in replicas:
        replica.stop()
    for kind in ("small", "upload", "stream"):
        print(f"{kind}: {counts.get((kind, True), 0)} whole, {counts.get((kind, False), 0)} lost")


asyncio.run(main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 10))
