"""NumPy's files against a running service: arrays of every kind score as by definition, .npz answers load, and errors are readable.

usage: numpy_check.py http://localhost:8080; needs NumPy (Debian: python3-numpy)
"""
import io
import json
import sys
import urllib.error
import urllib.request
import uuid

import numpy as np

LOGITS = np.array([[2.0, 1.0, 0.125], [0.25, 2.25, 0.5], [1.5, -0.5, 0.25]])
LABELS = np.array([0, 1, 2])
URL = sys.argv[1] if len(sys.argv) > 1 else "http://localhost:8080"


def file_of(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def post(parts, accept=None, query=""):
    """Posts a form of arrays and texts; returns status and body."""
    boundary = uuid.uuid4().hex
    body = b""
    for name, value in parts:
        is_array = isinstance(value, np.ndarray)
        filename = f'; filename="{name}.npy"' if is_array else ""
        body += f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"{filename}\r\n\r\n'.encode()
        body += (file_of(value) if is_array else str(value).encode()) + b"\r\n"
    body += f"--{boundary}--\r\n".encode()
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"} | ({"Accept": accept} if accept else {})
    request = urllib.request.Request(f"{URL}/v1/losses/cross_entropy{query}", body, headers)
    try:
        with urllib.request.urlopen(request) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read()


def expected():
    """Losses and gradient of the mean, by the definition."""
    p = np.exp(LOGITS) / np.exp(LOGITS).sum(axis=1, keepdims=True)
    return -np.log(p[np.arange(3), LABELS]), (p - np.eye(3)[LABELS]) / 3


def check_arrays():
    losses, gradient = expected()
    for dtype in ("<f2", "<f4", "<f8", ">f2", ">f4", ">f8"):
        for order in "CF":
            for labels in ("|i1", "<i4", ">i8", "|u1"):
                logits = np.array(LOGITS, dtype, order=order)
                status, body = post(
                    [("logits", logits), ("labels", LABELS.astype(labels)), ("outputs", "losses"), ("outputs", "gradient")],
                    "application/x-npz")
                assert status == 200, body
                answer = np.load(io.BytesIO(body))
                assert answer["gradient"].dtype == np.dtype(dtype).newbyteorder("<")
                tolerance = 2e-3 if "2" in dtype else 1e-6
                np.testing.assert_allclose(answer["losses"], losses, tolerance)
                np.testing.assert_allclose(answer["gradient"], gradient, tolerance, tolerance)
                assert answer["total_samples"] == 3


def check_options():
    parts = [("logits", LOGITS), ("labels", LABELS), ("mask", np.array([True, False, True])), ("class_weight", "[1, 2, 0.5]")]
    status, body = post(parts, query="?reduction=sum")
    assert status == 200, body
    np.testing.assert_allclose(json.loads(body)["loss"], expected()[0] @ [1, 0, 0.5])


def check_errors():
    for wrong, words in [
        (np.array([0, 1, 7]), "labels[2]: class index 7 is outside 0..2"),
        (np.array(["a", "b", "c"]), "send numbers, such as class indices, not names"),
        (np.array([{}, {}, {}], object), "pickled, which is not read"),
        (np.zeros(3), "got float64"),
    ]:
        status, body = post([("logits", LOGITS), ("labels", wrong)])
        assert status == 422 and words in json.loads(body)["detail"], body


if __name__ == "__main__":
    check_arrays()
    check_options()
    check_errors()
