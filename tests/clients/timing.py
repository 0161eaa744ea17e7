"""Scores one batch again and again, by one way of Python; a line on standard input asks for once more.

usage: timing.py WAY PORT GRPC_PORT ROWS CLASSES LOGITS LABELS, the last two files of float32 and int64.
Prints "seconds loss" for each line: the time from arrays to the gradient as an array. tests/LossService.Benchmarks, -- stacks, runs it.
"""
import base64
import json
import sys
import time
import urllib.request

import numpy as np

way, port, grpc_port, rows, classes = sys.argv[1], *map(int, sys.argv[2:6])
logits = np.fromfile(sys.argv[6], np.float32).reshape(rows, classes)
labels = np.fromfile(sys.argv[7], np.int64)
native = f"http://127.0.0.1:{port}/v1/losses/cross_entropy"
infer = f"http://127.0.0.1:{port}/v2/models/cross_entropy/infer"
length = "Inference-Header-Content-Length"


def requests_json():
    scores = session.post(native, json={"logits": logits.tolist(), "labels": labels.tolist(), "outputs": ["loss", "gradient"]}).json()
    return scores["loss"], np.array(scores["gradient"], np.float32)


def urllib_json():
    body = json.dumps({"logits": logits.tolist(), "labels": labels.tolist(), "outputs": ["loss", "gradient"]}).encode()
    with urllib.request.urlopen(urllib.request.Request(native, body, {"Content-Type": "application/json"})) as answer:
        scores = json.load(answer)
    return scores["loss"], np.array(scores["gradient"], np.float32)


def requests_base64():
    def tensor(x):
        return {"dtype": str(x.dtype), "shape": x.shape, "data": base64.b64encode(x.tobytes()).decode()}
    scores = session.post(native, json={"logits": tensor(logits), "labels": tensor(labels), "outputs": ["loss", "gradient"],
                                        "tensor_encoding": "base64"}).json()
    return scores["loss"], np.frombuffer(base64.b64decode(scores["gradient"]["data"]), np.float32).reshape(logits.shape)


def urllib_binary():
    head = json.dumps({
        "inputs": [{"name": name, "datatype": datatype, "shape": x.shape, "parameters": {"binary_data_size": x.nbytes}}
                   for name, datatype, x in [("logits", "FP32", logits), ("labels", "INT64", labels)]],
        "outputs": [{"name": "loss"}, {"name": "gradient", "parameters": {"binary_data": True}}]}).encode()
    body = b"".join([head, logits.tobytes(), labels.tobytes()])
    with urllib.request.urlopen(urllib.request.Request(infer, body, {length: str(len(head))})) as answer:
        size, received = int(answer.headers[length]), answer.read()
    return json.loads(received[:size])["outputs"][0]["data"][0], np.frombuffer(received, np.float32, offset=size).reshape(logits.shape)


def tritonclient_infer():
    inputs = [triton.InferInput("logits", logits.shape, "FP32"), triton.InferInput("labels", labels.shape, "INT64")]
    inputs[0].set_data_from_numpy(logits)
    inputs[1].set_data_from_numpy(labels)
    scores = client.infer("cross_entropy", inputs, outputs=[triton.InferRequestedOutput(name) for name in ("loss", "gradient")])
    return scores.as_numpy("loss")[0], scores.as_numpy("gradient")


def start(name):
    """Makes what a way keeps between two requests."""
    global session, triton, client
    if name.startswith("requests"):
        import requests
        session = requests.Session()
    elif name == "tritonclient-http":
        import tritonclient.http as triton
        client = triton.InferenceServerClient(f"127.0.0.1:{port}")
    elif name == "tritonclient-grpc":
        import tritonclient.grpc as triton
        client = triton.InferenceServerClient(f"127.0.0.1:{grpc_port}")
    return {"requests-json": requests_json, "urllib-json": urllib_json, "requests-base64": requests_base64, "urllib-binary": urllib_binary,
            "tritonclient-http": tritonclient_infer, "tritonclient-grpc": tritonclient_infer}[name]


score = start(way)
for _ in sys.stdin:
    begin = time.perf_counter()
    loss, gradient = score()
    seconds = time.perf_counter() - begin
    assert gradient.shape == logits.shape and gradient.dtype == np.float32
    print(seconds, loss, flush=True)
