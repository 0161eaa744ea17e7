"""Times cross-entropy of 1024 x 1000 logits with its gradient from Python, by each format in turn: medians of the whole call in ms, from
arrays to arrays, and what the client alone takes.

usage: numpy_time.py http://localhost:8080; needs NumPy and requests (Debian: python3-numpy python3-requests)
"""
import base64
import io
import json
import statistics
import sys
import time

import numpy as np
import requests

URL = sys.argv[1] if len(sys.argv) > 1 else "http://localhost:8080"
NATIVE, INFER = f"{URL}/v1/losses/cross_entropy", f"{URL}/v2/models/cross_entropy/infer"
ROUNDS = 15

logits = np.random.default_rng(0).standard_normal((1024, 1000)).astype("<f4")
labels = np.arange(1024) % 1000
session = requests.Session()
# compression is not what is timed
session.headers["Accept-Encoding"] = "identity"


def file_of(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def form():
    return {
        "files": {"logits": file_of(logits), "labels": file_of(labels)},
        "data": {"outputs": ["loss", "gradient"]},
    }


def npz():
    answer = session.post(NATIVE, **form(), headers={"Accept": "application/x-npz"})
    arrays = np.load(io.BytesIO(answer.content))
    return arrays["loss"], arrays["gradient"]


def npy_to_json():
    answer = session.post(NATIVE, **form()).json()
    return answer["loss"], np.array(answer["gradient"], "f4")


def json_lists():
    answer = session.post(NATIVE, json={
        "logits": logits.tolist(), "labels": labels.tolist(), "outputs": ["loss", "gradient"]}).json()
    return answer["loss"], np.array(answer["gradient"], "f4")


def json_base64():
    def encode(array):
        return {"dtype": array.dtype.name, "shape": array.shape, "data": base64.b64encode(array).decode()}

    answer = session.post(NATIVE, json={
        "logits": encode(logits), "labels": encode(labels), "outputs": ["loss", "gradient"], "tensor_encoding": "base64"}).json()
    gradient = answer["gradient"]
    return answer["loss"], np.frombuffer(base64.b64decode(gradient["data"]), "f4").reshape(gradient["shape"])


def oip_binary():
    header = json.dumps({
        "inputs": [
            {"name": "logits", "datatype": "FP32", "shape": logits.shape, "parameters": {"binary_data_size": logits.nbytes}},
            {"name": "labels", "datatype": "INT64", "shape": labels.shape, "parameters": {"binary_data_size": labels.nbytes}}],
        "outputs": [{"name": "loss"}, {"name": "gradient", "parameters": {"binary_data": True}}]}).encode()
    answer = session.post(INFER, header + labels_last(), headers={"Inference-Header-Content-Length": str(len(header))})
    length = int(answer.headers["Inference-Header-Content-Length"])
    outputs = {output["name"]: output for output in json.loads(answer.content[:length])["outputs"]}
    return outputs["loss"]["data"][0], np.frombuffer(answer.content, "f4", offset=length).reshape(logits.shape)


def labels_last():
    return logits.tobytes() + labels.tobytes()


ways = [npz, npy_to_json, json_lists, json_base64, oip_binary]
times = {way: [] for way in ways}
expected = None
for round_ in range(ROUNDS + 2):
    for way in ways:
        start = time.perf_counter()
        loss, gradient = way()
        taken = time.perf_counter() - start
        if expected is None:
            expected = float(loss), gradient
        assert float(loss) == expected[0] and (gradient == expected[1]).all(), way.__name__
        if round_ >= 2:
            times[way].append(taken)
for way in ways:
    print(f"{way.__name__:12} {statistics.median(times[way]) * 1000:7.1f} ms")
