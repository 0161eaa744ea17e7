"""Good answers a second as the number of clients grows, by clients that wait as Retry-After asks.

    python3 goodput.py FOLDER [SECONDS]     FOLDER: where `dotnet publish src/LossService -c Release -o FOLDER` put it
"""

import asyncio
import contextlib
import sys
import time

from service import Service, megabytes, percentile

NATIVE = "/v1/losses/cross_entropy"


def batch(rows, classes):
    row = "[" + ",".join(f"{c % 7}.{c % 10}25" for c in range(classes)) + "]"
    labels = ",".join("1" * rows)
    return f'{{"outputs":["loss"],"labels":[{labels}],"logits":[{",".join([row] * rows)}]}}'.encode()


async def client(service, body, until, good, shed, other):
    head = (f"POST {NATIVE} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n").encode()
    reader = writer = None
    while time.monotonic() < until:
        start = time.monotonic()
        try:
            if writer is None:
                reader, writer = await asyncio.open_connection("127.0.0.1", service.port)
            writer.write(head)
            sending = asyncio.create_task(send(writer, body))
            answer = (await reader.readuntil(b"\r\n\r\n")).lower()
            seconds = time.monotonic() - start
            length = int(answer.split(b"content-length:")[1].split()[0]) if b"content-length:" in answer else 0
            status = int(answer.split()[1])
            if status == 200:
                await reader.readexactly(length)
                await sending
                good.append(time.monotonic() - start)
                continue
            (shed if status == 429 else other).append(seconds)
            sending.cancel()
        except (OSError, asyncio.IncompleteReadError):
            other.append(time.monotonic() - start)
        if writer is not None:
            writer.close()
            writer = None
        await asyncio.sleep(1)
    if writer is not None:
        writer.close()


async def send(writer, body):
    with contextlib.suppress(OSError):
        for at in range(0, len(body), 2**18):
            writer.write(body[at:at + 2**18])
            await writer.drain()


async def level(folder, memory, name, body, clients, seconds):
    service = await Service(folder, memory).ready()
    times, good, shed, other = [], [], [], []
    probe = asyncio.create_task(service.probe(times))
    until = time.monotonic() + seconds
    await asyncio.gather(*(client(service, body, until, good, shed, other) for _ in range(clients)))
    probe.cancel()
    print(f"| {name} | {megabytes(memory)} MiB | {clients} | {len(good) / seconds:.1f} | {1000 * percentile(good, 0.99):.0f} | "
          f"{len(shed) / seconds:.1f} | {1000 * percentile(shed, 0.5):.0f} / {1000 * percentile(shed, 0.99):.0f} | {len(other)} | "
          f"{1000 * percentile(times, 0.99):.0f} | {megabytes(service.peak())} | {service.errors()} |", flush=True)
    service.stop()


async def main(folder, seconds):
    print("| body | memory | clients | good/s | good p99 ms | refused/s | refused p50 / p99 ms | other | livez p99 ms | peak MiB | errors |")
    print("|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|", flush=True)
    small, large = batch(32, 10), batch(1700, 1000)
    for clients in (16, 160, 1600):
        await level(folder, 2**29, f"32×10, {len(small):,} bytes", small, clients, seconds)
    for clients in (2, 20, 200):
        await level(folder, 2**29, f"1700×1000, {len(large):,} bytes", large, clients, seconds)


asyncio.run(main(sys.argv[1], float(sys.argv[2]) if len(sys.argv) > 2 else 12))
