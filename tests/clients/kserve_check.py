"""KServe's own clients against a running service: python3 kserve_check.py [HTTP] [GRPC], as localhost:8080 localhost:8081."""
import asyncio
import sys

import numpy as np
from kserve.inference_client import InferenceGRPCClient, InferenceRESTClient, RESTConfig
from kserve.protocol.infer_type import InferInput, InferRequest

http, grpc = sys.argv[1:3] if len(sys.argv) > 2 else ("localhost:8080", "localhost:8081")
logits = np.array([[2.0, 1.0, 0.125], [0.25, 2.25, 0.5]], np.float32)
rows = logits.astype(np.float64)
probabilities = np.exp(rows) / np.exp(rows).sum(1, keepdims=True)
# labels smoothed by 0.1 over three classes
targets = np.full((2, 3), 0.1 / 3) + 0.9 * np.eye(3)[[0, 1]]
loss = -(targets * np.log(probabilities)).sum(1).mean()


def request(labels, is_binary):
    inputs = [InferInput("logits", [2, 3], "FP32"), InferInput("labels", [2], "INT64")]
    inputs[0].set_data_from_numpy(logits, binary_data=is_binary)
    inputs[1].set_data_from_numpy(np.array(labels), binary_data=is_binary)
    # KServe's messages have no fractions, so one goes as a string
    return InferRequest(model_name="cross_entropy", infer_inputs=inputs, parameters={"label_smoothing": "0.1"})


async def check(name, infer):
    for is_binary in (False, True):
        scores = await infer(request([0, 1], is_binary))
        assert abs(scores.outputs[0].as_numpy()[0] - loss) < 1e-6, (name, scores.outputs)
        try:
            await infer(request([0, 7], is_binary))
        except Exception as refused:
            assert "labels[1]: class index 7 is outside 0..2" in str(refused), refused
        else:
            raise AssertionError(f"{name}: no error")
        print("ok", name, "binary" if is_binary else "JSON")


async def main():
    rest, over_grpc = InferenceRESTClient(RESTConfig(protocol="v2")), InferenceGRPCClient(grpc)
    await check("REST", lambda posted: rest.infer(f"http://{http}", posted, model_name="cross_entropy"))
    await check("gRPC", over_grpc.infer)
    print("ok: all")

asyncio.run(main())
