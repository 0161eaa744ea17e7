"""A million rows scored by Dask over three replicas behind HAProxy, while a worker and replicas go away: the bits of one process.

    python3 dataset.py FOLDER [ROWS CLASSES SHARE]     FOLDER: where `dotnet publish src/LossService -c Release -o FOLDER` put it

SHARE: how much of a core each replica gets, so that three replicas and their workers fit on this machine.
"""

import asyncio
import base64
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading
import time

import numpy
import requests
from dask.distributed import Client

from service import Service, free_port

DASK = pathlib.Path(__file__).parents[2] / "deploy" / "dask"
sys.path.insert(0, str(DASK))
from batches import batches, members, npy  # noqa: E402
from exact import show  # noqa: E402
from score import in_process, merge, on_cluster  # noqa: E402

LOSS = "/v1/losses/cross_entropy"
OPTIONS = [("outputs", "loss"), ("outputs", "metrics"), ("top_k", "5")]
ROWS_OF_A_BATCH, SHARDS, DRAIN = 4096, 16, 2


def write_shards(folder, rows, classes):
    draw = numpy.random.default_rng(1)
    for shard in range(SHARDS):
        labels = draw.integers(0, classes, rows // SHARDS)
        logits = draw.standard_normal((len(labels), classes), numpy.float32)
        logits[numpy.arange(len(labels)), labels] += 2
        numpy.save(f"{folder}/{shard:04}.logits.npy", logits)
        numpy.save(f"{folder}/{shard:04}.labels.npy", labels)


class Replicas:
    """Replicas on fixed ports behind HAProxy with the committed configuration."""

    def __init__(self, folder, count, share):
        self.folder, self.share = folder, share
        self.ports, self.front = [free_port() for _ in range(3)], free_port()
        self.services = [self._start(port) for port in self.ports[:count]]
        names = {f"REPLICA_{number}": f"127.0.0.1:{port}" for number, port in enumerate(self.ports, 1)}
        self.proxy = subprocess.Popen(["haproxy", "-db", "-f", str(DASK / "haproxy.cfg")], stderr=subprocess.DEVNULL,
                                      env=dict(os.environ, ADDRESS=f"127.0.0.1:{self.front}", **names))
        self.url = f"http://127.0.0.1:{self.front}{LOSS}"
        time.sleep(1.5)

    def _start(self, port):
        service = Service(self.folder, 2**29, [f"Limits__DrainSeconds={DRAIN}", f"Kestrel__Endpoints__Http__Url=http://127.0.0.1:{port}"],
                          share=self.share)
        service.port = port
        return asyncio.run(service.ready())

    def restart(self, number, how):
        """Ends a replica by a signal and starts it again on its port."""
        self.services[number].process.send_signal(how)
        self.services[number].process.wait()
        self.services[number].stop()
        self.services[number] = self._start(self.ports[number])

    def stop(self):
        self.proxy.kill()
        self.proxy.wait()
        for service in self.services:
            service.stop()


def stream_lines(todo):
    for batch in todo:
        line = {}
        for name, array in members(batch.shard).items():
            rows = array[batch.start:batch.stop]
            line[name] = {"dtype": str(rows.dtype), "shape": rows.shape, "data": base64.b64encode(rows.tobytes()).decode()}
        yield json.dumps({**line, "outputs": ["loss", "metrics"], "top_k": 5}).encode() + b"\n"


def stream(todo, url):
    """The service's own summary of all batches as the lines of one stream."""
    answer = requests.post(url, data=stream_lines(todo), headers={"Content-Type": "application/x-ndjson"}, stream=True)
    return json.loads([line for line in answer.iter_lines() if line][-1])["summary"]


def timed(name, bytes_read, run):
    began = time.monotonic()
    answer = run()
    seconds = time.monotonic() - began
    print(f"{name}: {seconds:.1f} s, {bytes_read / seconds / 1e6:.0f} MB/s", flush=True)
    return answer, seconds


def on_workers(count, todo, url, report=lambda *_: None):
    with Client(n_workers=count, threads_per_worker=1, dashboard_address=None) as client:
        client.run(os.getpid)
        return timed(f"{count} workers", size(todo), lambda: merge(
            on_cluster(client, todo, url, OPTIONS), len(todo), lambda *now: report(client, *now)))


def size(todo):
    first = members(todo[0].shard)
    return sum(batch.stop - batch.start for batch in todo) * sum(array[0].nbytes for array in first.values())


class Trouble:
    """Kills a worker, kills a replica, and restarts another, each once, while the batches are scored."""

    def __init__(self, replicas):
        self.replicas, self.told, self.threads = replicas, set(), []

    def __call__(self, client, done, count, seconds):
        for share, name, act in (
                (0.15, "a worker killed", lambda: os.kill(next(iter(client.run(os.getpid).values())), signal.SIGKILL)),
                (0.25, "replica 1 killed and started again", lambda: self.replicas.restart(0, signal.SIGKILL)),
                (0.45, "replica 2 stopped by SIGTERM and started again", lambda: self.replicas.restart(1, signal.SIGTERM))):
            if done >= share * count and name not in self.told:
                self.told.add(name)
                print(f"  {done} of {count} batches, {seconds:.1f} s: {name}", flush=True)
                self.threads.append(threading.Thread(target=act))
                self.threads[-1].start()

    def wait(self):
        for thread in self.threads:
            thread.join()


def compare(name, one, other):
    # equal numbers have the same bits: none of them is -0 or NaN
    print(f"{name}: {'the same bits' if one == other else 'NOT the same'}", flush=True)
    return one == other


def difference(one, other):
    """The largest relative difference of two numbers at the same place, and that place."""
    if isinstance(one, dict):
        return max((difference(one[name], other[name]) + (name,) for name in one), key=lambda found: found[0])
    if isinstance(one, list):
        return max(difference(a, b) for a, b in zip(one, other, strict=True))
    return (0 if one == other else abs(one - other) / abs(other),)


def main(folder, rows=2**20, classes=256, share=0.25):
    rows, classes, share = int(rows), int(classes), float(share)
    with tempfile.TemporaryDirectory() as data:
        write_shards(data, rows, classes)
        todo = list(batches(data, ROWS_OF_A_BATCH))
        print(f"{rows} rows of {classes} float32 logits in {SHARDS} shards, {len(todo)} batches, {size(todo) / 1e9:.2f} GB", flush=True)

        one = Replicas(folder, 1, None)
        try:
            alone, _ = timed("this process alone, one replica", size(todo),
                             lambda: merge(in_process(todo, one.url, OPTIONS), len(todo), lambda *_: None))
            summary = stream(todo, f"http://127.0.0.1:{one.ports[0]}{LOSS}")
            _, unlimited_one = on_workers(1, todo, one.url)
        finally:
            one.stop()
        same = compare("totals of one stream of lines and of the batches", summary["totals"], alone["totals"])
        found = difference(alone["metrics"], summary["metrics"])
        print(f"metrics of the stream and of the batches differ by {found[0]:.1e} at most ({'.'.join(found[:0:-1])})")

        three = Replicas(folder, 3, None)
        try:
            answer, unlimited_three = on_workers(3, todo, three.url)
        finally:
            three.stop()
        same &= compare("three workers, three replicas", answer, alone)
        print(f"three replicas to one, all on this machine: {unlimited_one / unlimited_three:.2f} times the throughput")

        one = Replicas(folder, 1, share)
        try:
            answer, seconds_one = on_workers(1, todo, one.url)
        finally:
            one.stop()
        same &= compare(f"one worker, one replica with {share} of a core", answer, alone)
        three = Replicas(folder, 3, share)
        try:
            answer, seconds_three = on_workers(3, todo, three.url)
            same &= compare(f"three workers, three replicas with {share} of a core each", answer, alone)
            print(f"three to one, {share} of a core each: {seconds_one / seconds_three:.2f} times the throughput")
            trouble = Trouble(three)
            answer, _ = on_workers(3, todo, three.url, trouble)
            trouble.wait()
        finally:
            three.stop()
        same &= compare("with a worker and a replica killed and another restarted", answer, alone)
        print(show(answer)[:400])
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
