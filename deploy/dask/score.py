"""Scores a dataset that may be larger than any machine: its loss and its metrics, the same bits however many workers there are.

    python3 score.py DIRECTORY URL                            in this process alone
    python3 score.py DIRECTORY URL --workers 4                by four processes of this machine
    python3 score.py DIRECTORY URL --scheduler tcp://host:8786     by a cluster, whose workers see DIRECTORY under the same path

URL: http://host:8080/v1/losses/cross_entropy, the service or a load balancer before its replicas. Needs Debian's python3-distributed,
python3-numpy and python3-requests. Progress goes to stderr, the result to stdout.
"""

import argparse
import pathlib
import sys
import time

from batches import batches, score
from exact import Scores, show


def in_process(todo, url, options):
    """The answers, one after another."""
    return (score(batch, url, options) for batch in todo)


def on_cluster(client, todo, url, options):
    """The answers, as they come. Dask repeats the batches of a worker that is lost, and gives each answer once."""
    from dask.distributed import as_completed

    futures = client.map(score, todo, url=url, options=options, pure=False)
    for future in as_completed(futures):
        yield future.result()
        future.release()


def merge(answers, count, report):
    """Adds the answers up, and reports after each how many of the batches are done."""
    scores, began = Scores(), time.monotonic()
    for done, answer in enumerate(answers, 1):
        scores.add(answer)
        report(done, count, time.monotonic() - began)
    return scores.result()


def show_progress(done, count, seconds):
    if done == count or done % max(1, count // 100) == 0:
        print(f"\r{done} of {count} batches, {seconds:.1f} s", end="\n" if done == count else "", file=sys.stderr, flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory")
    parser.add_argument("url")
    parser.add_argument("--rows", type=int, default=4096, help="rows of a batch")
    parser.add_argument("--option", action="append", default=[], metavar="NAME=VALUE", help="for each request: label_smoothing=0.1")
    parser.add_argument("--workers", type=int)
    parser.add_argument("--scheduler")
    asked = parser.parse_args()

    for option in asked.option:
        if (name := option.split("=", 1)[0]) in ("mean_over", "divisor", "reduction"):
            sys.exit(f"{name}: the loss of the dataset is Σwℓ/Σw; for another mean, divide totals.loss of the result")
    options = [("outputs", "loss"), ("outputs", "metrics"), *(option.split("=", 1) for option in asked.option)]
    todo = list(batches(asked.directory, asked.rows))
    if not todo:
        sys.exit(f"{asked.directory} has no *.labels.npy")
    if asked.workers is None and asked.scheduler is None:
        answers = in_process(todo, asked.url, options)
        return print(show(merge(answers, len(todo), show_progress)))

    from dask.distributed import Client
    cluster = {"n_workers": asked.workers, "threads_per_worker": 1} if asked.scheduler is None else {"address": asked.scheduler}
    with Client(**cluster) as client:
        if asked.scheduler:
            client.upload_file(str(pathlib.Path(__file__).with_name("batches.py")))
        print(show(merge(on_cluster(client, todo, asked.url, options), len(todo), show_progress)))


if __name__ == "__main__":
    main()
