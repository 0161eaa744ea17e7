"""Good responses a second as the number of clients grows. The service has one half of the cores, the clients have the other.

    python3 goodput.py FOLDER [SECONDS]     FOLDER: where `dotnet publish src/LossService -c Release -o FOLDER` put it

Small bodies are sent by wrk, which does not wait, and as streams of lines. Large ones are sent by clients that wait as Retry-After says.
Beside them, processes of real-time priority ask for /livez, and send large bodies of their own to see how long a refusal takes.
"""

import asyncio
import contextlib
import multiprocessing
import os
import re
import subprocess
import sys
import tempfile
import time

from probe import Probe
from service import Service, exchange, megabytes, percentile

NATIVE = "/v1/losses/cross_entropy"
CORES = sorted(os.sched_getaffinity(0))
SERVICE, CLIENTS = CORES[:(len(CORES) + 1) // 2], CORES[(len(CORES) + 1) // 2:] or CORES


def batch(rows, classes):
    row = "[" + ",".join(f"{c % 7}.{c % 10}25" for c in range(classes)) + "]"
    labels = ",".join("1" * rows)
    return f'{{"outputs":["loss"],"labels":[{labels}],"logits":[{",".join([row] * rows)}]}}'.encode()


async def wrk(port, body, clients, seconds):
    """Good and other responses, and failed connections, of clients that send the next body at once."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(f"wrk.method = 'POST'\nwrk.headers['Content-Type'] = 'application/json'\nwrk.body = [==[{body.decode()}]==]\n")
        script.flush()
        process = await asyncio.create_subprocess_exec(
            "nice", "-n", "5", "wrk", "-t1", f"-c{clients}", f"-d{seconds:.0f}s", "--timeout", "60s", "-s", script.name,
            f"http://localhost:{port}{NATIVE}", stdout=subprocess.PIPE)
        text = (await process.communicate())[0].decode()
    total = int(re.search(r"(\d+) requests in", text)[1])
    refused = sum(map(int, re.findall(r"Non-2xx or 3xx responses: (\d+)", text)))
    failed = sum(sum(map(int, re.findall(r"\d+", line))) for line in text.splitlines() if "Socket errors" in line)
    return total - refused, refused, failed


async def apart(client, port, body, clients, seconds):
    """The same for clients that are a coroutine, in a process of their own."""
    result = multiprocessing.SimpleQueue()
    process = multiprocessing.Process(target=run_clients, args=(client, port, body, clients, seconds, result))
    process.start()
    while process.is_alive():
        await asyncio.sleep(0.1)
    return result.get()


def run_clients(client, port, body, clients, seconds, result):
    os.nice(5)
    until, counts = time.monotonic() + seconds, [0, 0, 0]

    async def all_clients():
        await asyncio.gather(*(client(port, body, until, counts) for _ in range(clients)))

    asyncio.run(all_clients())
    result.put(tuple(counts))


async def polite(port, body, clients, seconds):
    """Clients that wait for a second after a refusal, as Retry-After says."""
    async def client(port, body, until, counts):
        while time.monotonic() < until:
            status = 0
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                status = (await exchange(port, "POST", NATIVE, body))[0]
            counts[0 if status == 200 else 1 if status == 429 else 2] += time.monotonic() < until
            if status != 200:
                await asyncio.sleep(1)

    return await apart(client, port, body, clients, seconds)


async def streams(port, body, clients, seconds):
    """Clients that each send lines without a pause, and read meanwhile."""
    lines = (body + b"\n") * (200_000 // len(body))

    async def client(port, _, until, counts):
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**20)
        writer.write(f"POST {NATIVE} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\n"
                     f"Content-Length: {10**12}\r\n\r\n".encode())

        async def read():
            while part := await reader.read(2**18):
                # an answer ends with a line feed; so do a chunk's length and its end
                counts[0] += part.count(b"}\n")

        reading = asyncio.create_task(read())
        while time.monotonic() < until:
            writer.write(lines)
            await writer.drain()
        reading.cancel()
        writer.transport.abort()

    return await apart(client, port, body, clients, seconds)


async def level(folder, memory, name, send, body, clients, seconds):
    service = await Service(folder, memory, cores=SERVICE).ready()
    await send(service.port, body, min(clients, 16), 3)
    lives = Probe(service.port)
    refusals = Probe(service.port, NATIVE, body, every=0.05) if send is polite else None
    good, refused, other = await send(service.port, body, clients, seconds)
    lives = lives.seconds()
    refused_times = [took for status, took in refusals.stop() if status == 429] if refusals else []
    start = time.monotonic()
    await service.post(NATIVE, body)
    print(f"| {name} | {clients} | {good / seconds:.1f} | {refused / seconds:.1f} | {other} | "
          f"{1000 * percentile(refused_times, 0.5):.0f} / {1000 * percentile(refused_times, 0.99):.0f} | "
          f"{1000 * percentile(lives, 0.99):.0f} / {1000 * max(lives):.0f} | {1000 * (time.monotonic() - start):.0f} | "
          f"{megabytes(service.peak())} | {service.errors()} |", flush=True)
    service.stop()


async def main(folder, seconds):
    os.sched_setaffinity(0, CLIENTS)
    os.nice(-10)
    print("| body | clients | good/s | refused/s | other | refused p50 / p99 ms | livez p99 / max ms | next ms | peak MiB | errors |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|", flush=True)
    small, large = batch(32, 10), batch(1700, 1000)
    for clients in (16, 160, 1600):
        await level(folder, 2**29, f"32×10, {len(small):,} bytes", wrk, small, clients, seconds)
    for clients in (10, 100):
        await level(folder, 2**29, "32×10, streams of lines", streams, small, clients, seconds)
    for clients in (2, 20, 200):
        await level(folder, 2**29, f"1700×1000, {len(large):,} bytes", polite, large, clients, seconds)


asyncio.run(main(sys.argv[1], float(sys.argv[2]) if len(sys.argv) > 2 else 12))
