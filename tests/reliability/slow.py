"""Good requests beside 500 slow clients (slowhttptest): slow headers, slow bodies, slow reads, many ranges.

    python3 slow.py FOLDER [SECONDS]     FOLDER: where `dotnet publish src/LossService -c Release -o FOLDER` put it
"""

import asyncio
import contextlib
import sys
import time

from probe import Probe
from service import Service, megabytes, percentile

NATIVE = "/v1/losses/cross_entropy"
GOOD = b'{"logits":[[1,2,3]],"labels":[0]}'
MODES = {
    "none": None,
    "-H, slow headers": ["-H", "-i", "5", "-x", "24"],
    "-B, slow bodies": ["-B", "-i", "5", "-x", "16", "-s", "67108864", "-t", "POST", "-f", "application/json"],
    "-X, slow reads": ["-X", "-w", "64", "-y", "256", "-n", "5", "-z", "16", "-k", "3"],
    "-R, many ranges": ["-R", "-a", "1", "-b", "3000"],
}


async def keep_alive(port, until, times, failed):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = (f"POST {NATIVE} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(GOOD)}\r\n\r\n").encode()
    while time.monotonic() < until:
        start = time.monotonic()
        try:
            writer.write(head + GOOD)
            answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 60)
            await reader.readexactly(int(answer.lower().split(b"content-length:")[1].split()[0]))
            times.append(time.monotonic() - start)
        except (OSError, asyncio.IncompleteReadError, asyncio.TimeoutError):
            failed.append(1)
            writer.close()
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.sleep(0.01)
    writer.close()


async def new_connections(service, until, times, failed):
    while time.monotonic() < until:
        start = time.monotonic()
        with contextlib.suppress(OSError):
            if (await service.post(NATIVE, GOOD))[0] == 200:
                times.append(time.monotonic() - start)
                await asyncio.sleep(0.01)
                continue
        failed.append(1)


async def mode(folder, name, arguments, seconds):
    service = await Service(folder, 2**29).ready()
    path = "/swagger/v1/swagger.json" if "-X" in name else NATIVE if "-B" in name else "/v1/losses"
    slow = arguments and await asyncio.create_subprocess_exec(
        "slowhttptest", *arguments, "-c", "500", "-r", "250", "-l", str(seconds), "-p", "3",
        "-u", f"http://localhost:{service.port}{path}", stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL)
    until = time.monotonic() + seconds
    kept, new, failed = [], [], []
    probe = Probe(service.port)
    await asyncio.gather(*(keep_alive(service.port, until, kept, failed) for _ in range(4)),
                         new_connections(service, until, new, failed))
    lives = probe.seconds()
    if slow:
        await slow.wait()
    print(f"| {name} | {len(kept) + len(new)} | {len(failed)} | {1000 * percentile(kept, 0.99):.0f} / {1000 * percentile(new, 0.99):.0f} | "
          f"{1000 * percentile(lives, 0.99):.0f} / {1000 * max(lives):.0f} | {megabytes(service.peak())} | "
          f"{'lives' if service.lives() else 'dead'}, {service.errors()} errors |", flush=True)
    service.stop()


async def main(folder, seconds):
    print("| mode | good | failed | p99 kept / new connection ms | livez p99 / max ms | peak MiB | after |")
    print("|---|---:|---:|---:|---:|---:|---|", flush=True)
    for name, arguments in MODES.items():
        await mode(folder, name, arguments, seconds)


asyncio.run(main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 20))
