"""A dataset as a directory of NumPy's files: its batches, and how the service scores one.

A shard is a file for each member of a request: 0001.logits.npy, 0001.labels.npy and, where there are any, 0001.sample_weight.npy,
0001.mask.npy.
"""

import io
import pathlib
import threading
import typing

import numpy
import requests
from urllib3.util.retry import Retry

# scoring has no side effects, so whatever broke off or was refused for load is sent again
AGAIN = Retry(total=10, backoff_factor=0.1, status_forcelist=(429, 502, 503, 504), allowed_methods=("POST",), raise_on_status=False)

own = threading.local()


class Batch(typing.NamedTuple):
    """Some rows of a shard. The rows of a batch never depend on how many workers there are."""

    shard: str
    start: int
    stop: int


def members(shard):
    """The members of a shard's requests, which stay on disk until their rows are read."""
    folder, name = pathlib.Path(shard).parent, pathlib.Path(shard).name
    return {file.name.split(".")[-2]: numpy.load(file, mmap_mode="r") for file in sorted(folder.glob(f"{name}.*.npy"))}


def batches(directory, rows):
    """Every batch of a directory, of at most so many rows."""
    files = pathlib.Path(directory).glob("*.labels.npy")
    for shard in sorted(str(file).removesuffix(".labels.npy") for file in files):
        count = len(members(shard)["labels"])
        for start in range(0, count, rows):
            yield Batch(shard, start, min(start + rows, count))


def score(batch, url, options):
    """Posts a batch and returns the service's answer."""
    rows = slice(batch.start, batch.stop)
    files = {name: npy(array[rows]) for name, array in members(batch.shard).items()}
    answer = session().post(url, files=files, data=options, timeout=120)
    if not answer.ok:
        raise RuntimeError(f"{batch}: {answer.status_code} {answer.json().get('detail')}")
    return answer.json()


def npy(array):
    file = io.BytesIO()
    numpy.save(file, array)
    return file.getvalue()


def session():
    """Each thread keeps its connections."""
    if not hasattr(own, "session"):
        own.session = requests.Session()
        for scheme in ("http://", "https://"):
            own.session.mount(scheme, requests.adapters.HTTPAdapter(max_retries=AGAIN))
    return own.session
