"""Mixed requests at 60 % of what half a core can do, for half an hour, with a plot of memory, threads, handles and times.

    python3 soak.py FOLDER [MINUTES [PLOT]]     FOLDER: where `dotnet publish src/LossService -c Release -o FOLDER` put it
                                                PLOT: an SVG file; needs matplotlib (Debian: python3-matplotlib)
"""

import asyncio
import contextlib
import gzip
import os
import random
import struct
import sys
import time

from service import Service, exchange, megabytes, percentile

CORE, LOAD = 0.5, 0.6
NATIVE, OIP = "/v1/losses/{}", "/v2/models/{}/infer"


def rows(count, classes):
    return "[" + ",".join("[" + ",".join(f"{random.gauss(0, 3):.5f}" for _ in range(classes)) + "]" for _ in range(count)) + "]"


def native(loss, count, classes, more=""):
    labels = ",".join(str(random.randrange(classes)) for _ in range(count))
    return NATIVE.format(loss), f'{{"labels":[{labels}],"logits":{rows(count, classes)}{more}}}'.encode(), "application/json", (), 200


def binary(count, classes):
    logits = struct.pack(f"<{count * classes}f", *(random.gauss(0, 3) for _ in range(count * classes)))
    labels = struct.pack(f"<{count}q", *(random.randrange(classes) for _ in range(count)))
    head = (f'{{"inputs":[{{"name":"logits","datatype":"FP32","shape":[{count},{classes}],"parameters":{{"binary_data_size":{len(logits)}}}}},'
            f'{{"name":"labels","datatype":"INT64","shape":[{count}],"parameters":{{"binary_data_size":{len(labels)}}}}}],'
            '"outputs":[{"name":"loss","parameters":{"binary_data":true}},{"name":"gradient","parameters":{"binary_data":true}}]}').encode()
    headers = (f"Inference-Header-Content-Length: {len(head)}",)
    return OIP.format("cross_entropy"), head + logits + labels, "application/octet-stream", headers, 200


def requests():
    random.seed(1)
    small = native("cross_entropy", 32, 10)
    packed = native("focal", 64, 20, ',"gamma":2')
    return [
        (40, small),
        (10, native("kl_divergence", 16, 10)),
        (10, native("cross_entropy", 32, 100, ',"label_smoothing":0.1,"outputs":["loss","gradient"]')),
        (8, (packed[0], gzip.compress(packed[1]), packed[2], ("Content-Encoding: gzip",), 200)),
        (8, (small[0], (small[1] + b"\n") * 20, "application/x-ndjson", (), 200)),
        (8, binary(256, 100)),
        (6, native("brier", 256, 100, ',"outputs":["loss","gradient","probabilities"]')),
        (6, (small[0], b'{"labels":[7],"logits":[[1,2]]}', small[2], (), 422)),
        (3, (small[0], b'{"labels":[0],"logits":[[1,', small[2], (), 400)),
        (1, native("cross_entropy", 1024, 1000, ',"outputs":["loss","gradient"]')),
    ]


async def abort(port, request):
    """Sends half of a body and goes."""
    with contextlib.suppress(OSError):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"POST {request[0]} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {request[2]}\r\nContent-Length: 9999\r\n\r\n[".encode())
        await asyncio.sleep(0.05)
        writer.transport.abort()


async def one(service, request, times, wrong):
    path, body, content_type, headers, expected = request
    start = time.monotonic()
    try:
        status = (await exchange(service.port, "POST", path, body, content_type, headers))[0]
    except OSError:
        status = 0
    times.append(time.monotonic() - start)
    if status != expected:
        wrong.append(status)


async def capacity(service, mix):
    """Requests a second: the share of the core by what one takes, once the code is compiled."""
    for count in (5000, 1000):
        times, wrong, before = [], [], service.cpu()
        for _ in range(count):
            await one(service, random.choices([r for _, r in mix], [w for w, _ in mix])[0], times, wrong)
    return CORE * count / (service.cpu() - before)


async def committed(service):
    """What the managed heap holds of the memory, as of its last collection."""
    for line in (await service.get("/metrics"))[1].decode().splitlines():
        if line.startswith("dotnet_gc_last_collection_memory_committed_size_bytes"):
            return int(float(line.split()[1]))
    return 0


async def main(folder, minutes, plot):
    service = await Service(folder, 2**29, share=CORE).ready()
    mix = requests()
    rate = LOAD * await capacity(service, mix)
    print(f"{rate:.0f} requests a second, {LOAD:.0%} of what {CORE} cores can do, in {megabytes(2**29)} MiB")
    print("| minute | requests/s | CPU % | p50 / p99 ms | unexpected | resident MiB | of it heap | threads | handles | log errors |")
    print("|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|", flush=True)
    samples, wrong, running = [], [], set()
    began = next_request = time.monotonic()
    for minute in range(1, int(minutes) + 1):
        times, cpu = [], service.cpu()
        while time.monotonic() < began + 60 * minute:
            next_request += random.expovariate(rate)
            await asyncio.sleep(max(0, next_request - time.monotonic()))
            request = random.choices([r for _, r in mix], [w for w, _ in mix])[0]
            work = abort(service.port, request) if random.random() < 0.02 else one(service, request, times, wrong)
            task = asyncio.create_task(work)
            running.add(task)
            task.add_done_callback(running.discard)
        with open(f"/proc/{service.process.pid}/status") as lines:
            threads = next(int(line.split()[1]) for line in lines if line.startswith("Threads"))
        handles = len(os.listdir(f"/proc/{service.process.pid}/fd"))
        samples.append((minute, len(times) / 60, (service.cpu() - cpu) / 60 * 100, 1000 * percentile(times, 0.5),
                        1000 * percentile(times, 0.99), len(wrong), megabytes(service.memory()), megabytes(await committed(service)),
                        threads, handles))
        print("| {} | {:.0f} | {:.0f} | {:.1f} / {:.1f} | {} | {} | {} | {} | {} | {} |".format(*samples[-1], service.errors()), flush=True)
    await asyncio.gather(*running)
    service.stop()
    if plot:
        draw(samples, plot)


def draw(samples, path):
    import matplotlib
    matplotlib.use("svg")
    matplotlib.rcParams["svg.fonttype"] = "none"
    from matplotlib import pyplot
    minutes = [sample[0] for sample in samples]
    figure, axes = pyplot.subplots(3, 1, sharex=True, figsize=(8, 7))
    axes[0].plot(minutes, [sample[6] for sample in samples], label="resident MiB")
    axes[0].plot(minutes, [sample[7] for sample in samples], label="of it managed heap, committed")
    axes[0].legend()
    axes[1].plot(minutes, [sample[8] for sample in samples], label="threads")
    axes[1].plot(minutes, [sample[9] for sample in samples], label="handles")
    axes[1].legend()
    axes[2].plot(minutes, [sample[3] for sample in samples], label="p50 ms")
    axes[2].plot(minutes, [sample[4] for sample in samples], label="p99 ms")
    axes[2].set_yscale("log")
    axes[2].legend()
    axes[2].set_xlabel("minutes")
    for one_axes in axes[:2]:
        one_axes.set_ylim(bottom=0)
    figure.tight_layout()
    figure.savefig(path)


asyncio.run(main(sys.argv[1], float(sys.argv[2]) if len(sys.argv) > 2 else 30, sys.argv[3] if len(sys.argv) > 3 else None))
