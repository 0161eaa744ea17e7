"""Triton's own client against a running service: python3 tritonclient_check.py [HTTP] [GRPC], as localhost:8080 localhost:8081."""
import sys

import numpy as np
import tritonclient.grpc as over_grpc
import tritonclient.http as over_http
from tritonclient.utils import InferenceServerException

http, grpc = sys.argv[1:3] if len(sys.argv) > 2 else ("localhost:8080", "localhost:8081")
logits = np.array([[2.0, 1.0, 0.125], [0.25, 2.25, 0.5]], np.float32)
labels = np.array([0, 1], np.int64)
rows = logits.astype(np.float64)
losses = np.log(np.exp(rows).sum(1)) - rows[[0, 1], labels]


def inputs(module, dtype=np.float32, labels=labels, **how):
    posted = [module.InferInput("logits", [2, 3], {np.float32: "FP32", np.float16: "FP16"}[dtype]),
              module.InferInput("labels", [2], "INT64")]
    posted[0].set_data_from_numpy(logits.astype(dtype), **how)
    posted[1].set_data_from_numpy(labels, **how)
    return posted


def check(name, client, posted, **how):
    actual = client.infer("cross_entropy", posted, **how).as_numpy("loss")
    assert abs(actual[0] - losses.mean()) < 1e-3, (name, actual)
    print("ok", name)


def refuses(name, client, posted):
    try:
        client.infer("cross_entropy", posted)
    except InferenceServerException as refused:
        assert "class index 7 is outside 0..2" in str(refused), refused
        print("ok", name)
        return
    raise AssertionError(f"{name}: no error")


scheduling = {"timeout": 10_000_000, "priority": 1, "sequence_id": 3, "sequence_start": True, "sequence_end": True}
wrong = np.array([0, 7])
with over_http.InferenceServerClient(http) as client:
    check("HTTP, binary", client, inputs(over_http))
    check("HTTP, JSON", client, inputs(over_http, binary_data=False), outputs=[over_http.InferRequestedOutput("loss", binary_data=False)])
    check("HTTP, FP16", client, inputs(over_http, np.float16))
    check("HTTP, gzip", client, inputs(over_http), request_compression_algorithm="gzip", response_compression_algorithm="gzip")
    check("HTTP, for a scheduler", client, inputs(over_http), **scheduling)
    refuses("HTTP, error", client, inputs(over_http, labels=wrong))
    assert client.get_model_config("cross_entropy")["max_batch_size"] == 0
    assert client.get_inference_statistics("cross_entropy")["model_stats"][0]["inference_count"] > 0
    assert client.get_model_repository_index()[0]["state"] == "READY"
with over_grpc.InferenceServerClient(grpc) as client:
    check("gRPC, binary", client, inputs(over_grpc))
    check("gRPC, FP16", client, inputs(over_grpc, np.float16))
    check("gRPC, gzip", client, inputs(over_grpc), compression_algorithm="gzip")
    check("gRPC, for a scheduler", client, inputs(over_grpc), client_timeout=10, **scheduling)
    refuses("gRPC, error", client, inputs(over_grpc, labels=wrong))
    assert client.get_model_config("cross_entropy").config.input[0].name == "logits"
    assert client.get_inference_statistics("cross_entropy").model_stats[0].inference_count > 0
    assert client.get_model_repository_index().models[0].state == "READY"
    try:
        client.get_system_shared_memory_status()
    except InferenceServerException as refused:
        assert "is not served" in str(refused), refused
print("ok: all")
