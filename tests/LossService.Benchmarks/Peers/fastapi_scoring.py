"""The same scoring service as one writes it with FastAPI and PyTorch, twice: with pydantic, and without any validation.

Both take the quickest way known to be idiomatic: async handlers (the work is CPU-bound, a thread pool only adds to it),
torch.FloatTensor (three times as fast on nested lists as torch.tensor), no gradient tape unless a gradient is asked for,
and a ready response, which FastAPI neither validates nor encodes again.
"""
from typing import List

import torch
import torch.nn.functional as F
import ujson
from fastapi import FastAPI, Request, Response
from pydantic import BaseModel


class Batch(BaseModel):
    logits: List[List[float]]
    labels: List[int]
    outputs: List[str] = ["loss"]


def score(logits, labels, outputs) -> Response:
    z = torch.FloatTensor(logits)
    y = torch.LongTensor(labels)
    if "gradient" in outputs:
        z.requires_grad_()
        loss = F.cross_entropy(z, y)
        loss.backward()
        scores = {"loss": loss.item(), "gradient": z.grad.tolist()}
    else:
        with torch.inference_mode():
            scores = {"loss": F.cross_entropy(z, y).item()}
    return Response(ujson.dumps(scores), media_type="application/json")


with_pydantic = FastAPI()


@with_pydantic.post("/score")
async def score_validated(batch: Batch):
    return score(batch.logits, batch.labels, batch.outputs)


with_ujson = FastAPI()


@with_ujson.post("/score")
async def score_trusted(request: Request):
    batch = ujson.loads(await request.body())
    return score(batch["logits"], batch["labels"], batch.get("outputs", ["loss"]))
