"""Processor time of the service by format, and its start: the figures of deploy/scaling.md.

    python3 measure.py FOLDER     FOLDER: where `dotnet publish src/LossService -c Release -p:PublishReadyToRun=true -o FOLDER` put it

The service runs on one core, the client on another. Counted is the processor time of the service, with the kernel's work for it.
"""

import asyncio
import base64
import http.client
import io
import json
import os
import pathlib
import sys
import time

import numpy

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "tests" / "reliability"))
from service import Service  # noqa: E402

SECONDS = 2.0


def forms(logits, labels, outputs):
    """Path, headers and body of a batch in each format."""
    native, oip = "/v1/losses/cross_entropy", "/v2/models/cross_entropy/infer"
    json_type = {"Content-Type": "application/json"}
    yield "JSON", native, json_type, json.dumps(
        {"logits": [[round(float(x), 6) for x in row] for row in logits], "labels": labels.tolist(), "outputs": outputs}).encode()

    def encoded(array):
        return {"dtype": str(array.dtype), "shape": array.shape, "data": base64.b64encode(array.tobytes()).decode()}
    yield "JSON with base64", native, json_type, json.dumps(
        {"logits": encoded(logits), "labels": encoded(labels), "outputs": outputs, "tensor_encoding": "base64"}).encode()

    parts = io.BytesIO()
    for name, array in (("logits", logits), ("labels", labels)):
        parts.write(f'--b\r\nContent-Disposition: form-data; name="{name}"; filename="{name}.npy"\r\n\r\n'.encode())
        numpy.save(parts, array)
        parts.write(b"\r\n")
    for output in outputs:
        parts.write(f'--b\r\nContent-Disposition: form-data; name="outputs"\r\n\r\n{output}\r\n'.encode())
    parts.write(b"--b--\r\n")
    yield "NumPy's files", native, {"Content-Type": "multipart/form-data; boundary=b", "Accept": "application/x-npz"}, parts.getvalue()

    tensors = [("logits", "FP32", logits), ("labels", "INT64", labels)]
    header = json.dumps({
        "inputs": [{"name": name, "datatype": kind, "shape": array.shape, "parameters": {"binary_data_size": array.nbytes}}
                   for name, kind, array in tensors],
        "outputs": [{"name": output, "parameters": {"binary_data": True}} for output in outputs]}).encode()
    yield "OIP binary", oip, {"Inference-Header-Content-Length": str(len(header))}, b"".join(
        [header, *(array.tobytes() for _, _, array in tensors)])


def run(service, path, headers, body):
    """Processor seconds of a request, on one connection for some seconds."""
    connection = http.client.HTTPConnection("127.0.0.1", service.port)

    def post():
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        text = answer.read()
        assert answer.status == 200, text[:500]

    # until the runtime has compiled what is used often
    warm = time.monotonic() + SECONDS
    while time.monotonic() < warm:
        post()
    cpu, began, count = service.cpu(), time.monotonic(), 0
    while time.monotonic() - began < SECONDS:
        post()
        count += 1
    connection.close()
    return (service.cpu() - cpu) / count


async def start(folder):
    """The service, and the seconds until it is ready."""
    began = time.monotonic()
    service = Service(folder, 2**31, cores={0})
    while True:
        try:
            if (await service.get("/readyz"))[0] == 200:
                break
        except OSError:
            await asyncio.sleep(0.005)
    return service, time.monotonic() - began


def main(folder):
    os.sched_setaffinity(0, {1})
    draw = numpy.random.default_rng(1)
    service, seconds = asyncio.run(start(folder))
    print(f"start to ready on one core: {seconds:.2f} s")
    print("| batch | outputs | format | bytes a logit | ms of a core | logits/s of a core | MB/s of a core |")
    for rows, classes in ((1024, 1000), (32, 10)):
        logits = draw.standard_normal((rows, classes), numpy.float32)
        labels = draw.integers(0, classes, rows)
        for outputs in (["loss"], ["loss", "gradient"]):
            for name, path, headers, body in forms(logits, labels, outputs):
                cpu = run(service, path, headers, body)
                print(f"| {rows}×{classes} | {' + '.join(outputs)} | {name} | {len(body) / logits.size:.1f} | {1000 * cpu:.3g} "
                      f"| {logits.size / cpu / 1e6:.3g} M | {len(body) / cpu / 1e6:.3g} |", flush=True)
    service.stop()


if __name__ == "__main__":
    main(sys.argv[1])
