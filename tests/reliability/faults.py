"""Bodies that once ended the service, or held it for hours, each against a service of its own.

    python3 faults.py FOLDER [NAME ...]     FOLDER: where `dotnet publish src/LossService -c Release -o FOLDER` put it
"""

import asyncio
import contextlib
import gzip
import sys
import time

from probe import Probe
from service import Service, megabytes, percentile

NATIVE = "/v1/losses/cross_entropy"
BINARY = "/v1/losses/binary_cross_entropy"
ALL = '["losses","gradient","probabilities","log_probabilities","entropy","predictions"]'
BODY = 64 * 2**20
GIB = 2**30


def filled(before, again, after, length=BODY - 64):
    return (before + again * ((length - len(before.encode()) - len(after)) // len(again.encode())) + after).encode()


def zeros(count):
    return ",".join("0" * count)


def members():
    text = ["{"]
    length = 1
    number = 0
    while length < BODY - 100:
        text.append(f'"m{number}":1,')
        length += len(text[-1])
        number += 1
    return ("".join(text) + '"labels":[0]}').encode()


def all_outputs():
    return f'{{"dtype":"float64","outputs":{ALL},"labels":[{zeros(16_700_000)}],"logits":[{zeros(16_700_000)}]}}'.encode()


def long_lists(count):
    return (f'{{"logits":[{",".join(["[0,1]"] * count)}],"labels":[{zeros(count)}],'
            f'"ignore_index":[{",".join(str(i + 5) for i in range(count))}]}}').encode()


def usual(length=BODY):
    row = "[" + ",".join(f"{c % 7}.{c % 10}25" for c in range(1000)) + "]"
    rows = (length - 20_000) // (len(row) + 3)
    return (f'{{"outputs":["loss","gradient"],"labels":[{zeros(rows)}],"logits":[{",".join([row] * rows)}]}}').encode()


def mixed():
    count = 3_000_000
    return (f'{{"inputs":[{{"name":"logits","datatype":"FP32","shape":[{count}],"data":[{zeros(count)}]}},'
            f'{{"name":"labels","datatype":"FP32","shape":[{count}],"data":[{zeros(count)}]}}],"outputs":['
            '{"name":"loss","parameters":{"binary_data":true}},{"name":"gradient"},{"name":"probabilities"},'
            '{"name":"log_probabilities"},{"name":"losses"}]}').encode()


ONE = '{"labels":[0],"logits":[[0,1]],'
SINGLE = {
    "F1 all outputs": (BINARY, all_outputs, False),
    "F1 all outputs, gzip": (BINARY, all_outputs, True),
    "F3 160,000 ignored labels": (NATIVE, lambda: long_lists(160_000), False),
    "F3 3,000,000 ignored labels, gzip": (NATIVE, lambda: long_lists(3_000_000), True),
    "F4 600,000 top_k, gzip": (NATIVE, lambda: filled(ONE + '"outputs":["metrics"],"top_k":[', "1,", "1]}", 1_200_000), True),
    "F5 id of 64 MB": (NATIVE, lambda: filled(ONE + '"id":"', "a", '"}'), False),
    "F5 id of 64 MB of é": (NATIVE, lambda: filled(ONE + '"id":"', "é", '"}'), False),
    "F5 one row, focal": ("/v1/losses/focal", lambda: filled('{"labels":[0],"logits":[[', "0,", "0]]}"), False),
    "F5 row of a million classes, focal": ("/v1/losses/focal", lambda: filled('{"labels":[0],"logits":[[', "0,", "0]]}", 2_097_000), False),
    "F5 one unknown member 11 M times": (NATIVE, lambda: filled("{", '"a":1,', '"b":1}'), False),
    "F5 a name of 64 MB": (NATIVE, lambda: filled('{"', "n", '":1}'), False),
    "F5 OIP, JSON beside bytes": ("/v2/models/binary_cross_entropy/infer", mixed, False),
    "F8 16.8 M unknown outputs": (NATIVE, lambda: filled(ONE + '"outputs":[', '"x",', '"x"]}'), False),
    "F8 distinct unknown members": (NATIVE, members, False),
    "strings for numbers": (NATIVE, lambda: filled('{"labels":[0],"logits":[[', '"",', "0]]}"), False),
    "usual, with gradient": (NATIVE, usual, False),
}


async def single(folder, name, memory):
    path, make, is_compressed = SINGLE[name]
    body = make()
    if is_compressed:
        body = gzip.compress(body, 9)
    service = await Service(folder, memory).ready()
    probe = Probe(service.port)
    before = service.cpu()
    headers = ["Content-Encoding: gzip"] if is_compressed else []
    try:
        status, text, _ = await asyncio.wait_for(service.post(path, body, headers=headers), 180)
    except asyncio.TimeoutError:
        status, text = "none in 180 s", b""
    used = service.cpu() - before if service.lives() else float("nan")
    times = probe.seconds()
    state = "lives" if service.lives() else f"killed ({service.process.returncode})"
    print(f"| {name} | {len(body):,} | {megabytes(memory)} MiB | {status} | {used:.1f} | {megabytes(service.peak())} | "
          f"{1000 * max(times, default=0):.0f} | {state}, {service.errors()} errors |", flush=True)
    service.stop()


async def at_once(folder, name, memory, exchanges, make):
    """Many exchanges at once: statuses, the slowest refusal, the probe, and whether it serves afterwards."""
    service = await Service(folder, memory).ready()
    probe = Probe(service.port)
    start = time.monotonic()
    done = await asyncio.gather(*(make(service, i) for i in range(exchanges)), return_exceptions=True)
    seconds = time.monotonic() - start
    times = probe.seconds()
    statuses = {}
    for result in done:
        status = result[0] if isinstance(result, tuple) else 0
        statuses[status] = statuses.get(status, 0) + 1
    refused = [result[2] for result in done if isinstance(result, tuple) and result[0] == 429]
    after = 0
    with contextlib.suppress(OSError):
        after = (await service.post(NATIVE, b'{"logits":[[1,2]],"labels":[0]}'))[0]
    counted = ", ".join(f"{count} × {status or 'reset'}" for status, count in sorted(statuses.items()))
    print(f"| {name} | {megabytes(memory)} MiB | {counted} | {seconds:.1f} | {megabytes(service.peak())} | "
          f"{1000 * percentile(times, 0.99):.0f} / {1000 * max(times, default=0):.0f} | {1000 * percentile(refused, 0.99):.0f} | "
          f"{'serves' if after == 200 else 'dead'}, {service.errors()} errors |", flush=True)
    service.stop()


async def half_open(service, _):
    """Announces 64 MiB, sends one byte, and waits."""
    reader, writer = await asyncio.open_connection("127.0.0.1", service.port)
    writer.write(b"POST /v1/losses/cross_entropy HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                 b"Content-Length: 67108864\r\n\r\n{")
    status = 0
    with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.TimeoutError):
        status = int((await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 30)).split()[1])
    writer.close()
    return status, b"", 0.0


async def endless_line(service, _):
    """A line of 62 MiB without an end, then a byte a second."""
    reader, writer = await asyncio.open_connection("127.0.0.1", service.port)
    writer.write(b"POST /v1/losses/cross_entropy HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\n"
                 b"Content-Length: 100000000\r\n\r\n")
    status = 0
    with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.TimeoutError):
        for _ in range(62):
            writer.write(b" " * 2**20)
            await writer.drain()
        status = int((await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 60)).split()[1])
    writer.close()
    return status, b"", 0.0


async def send_all_then_read(folder, memory):
    """What requests and HttpClient do: nothing is read before the last line is sent."""
    row = "[" + ",".join(f"{c % 7}.{c % 10}25" for c in range(100)) + "]"
    line = (f'{{"outputs":["gradient"],"labels":[{zeros(32)}],"logits":[{",".join([row] * 32)}]}}\n').encode()
    for count in (400, 4000):
        service = await Service(folder, memory).ready()
        reader, writer = await asyncio.open_connection("127.0.0.1", service.port, limit=2**16)
        reader._transport.pause_reading()
        start = time.monotonic()
        ended = "hangs"
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.TimeoutError):
            writer.write(f"POST {NATIVE} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/x-ndjson\r\n"
                         f"Content-Length: {count * len(line)}\r\n\r\n".encode())
            for _ in range(count):
                writer.write(line)
                await asyncio.wait_for(writer.drain(), 90)
            reader._transport.resume_reading()
            tail = b""
            while part := await asyncio.wait_for(reader.read(2**16), 90):
                tail = (tail + part)[-4096:]
            ended = "summary" if b'"summary"' in tail else "a line that says why" if b'"error"' in tail else "cut"
        print(f"| F9 {count} lines of 32×100 with gradient ({count * len(line):,} bytes) | {megabytes(memory)} MiB | ends with {ended} | "
              f"{time.monotonic() - start:.1f} | {megabytes(service.peak())} | | | "
              f"{'serves' if service.lives() else 'dead'}, {service.errors()} errors |", flush=True)
        writer.close()
        service.stop()


async def main(folder, names):
    print("| body | bytes | memory | answer | CPU s | peak MiB | livez max ms | after |\n|---|---:|---|---|---:|---:|---:|---|", flush=True)
    for name in SINGLE:
        if not names or any(name.startswith(part) for part in names):
            await single(folder, name, GIB if name.startswith(("F1", "F4", "F5")) else GIB // 2)
    print("\n| at once | memory | answers | s | peak MiB | livez p99 / max ms | refusal p99 ms | after |\n|---|---|---|---:|---:|---:|---:|---|", flush=True)
    many = {
        "F2 450 half-open bodies": lambda name: at_once(folder, name, GIB // 2, 450, half_open),
        "F2 950 half-open bodies, 1 GiB": lambda name: at_once(folder, name, GIB, 950, half_open),
        "F6 500 GETs of the API document": lambda name: at_once(
            folder, name, GIB // 2, 500, lambda service, _: service.get("/swagger/v1/swagger.json")),
        "F7 15 lines of 62 MiB without an end": lambda name: at_once(folder, name, GIB, 15, endless_line),
        "F9": lambda _: send_all_then_read(folder, GIB // 2),
        "F10 4 usual bodies of 64 MiB": lambda name: at_once(folder, name, GIB, 4, posting(body())),
        "16 usual bodies of 64 MiB": lambda name: at_once(folder, name, GIB, 16, posting(body())),
        "200 bodies of 10 to 60 MB": lambda name: at_once(
            folder, name, GIB, 200, lambda service, i: service.post(NATIVE, sized(10 + i % 51))),
    }
    cache = {}

    def body():
        return cache.setdefault(67, usual())

    def posting(bytes_):
        return lambda service, _: service.post(NATIVE, bytes_)

    def sized(million):
        return cache.setdefault(million, usual(million * 1_000_000))

    for name, run in many.items():
        if not names or any(name.startswith(part) for part in names):
            await run(name)


asyncio.run(main(sys.argv[1], sys.argv[2:]))
