import assert from "node:assert/strict";
import { test } from "node:test";
import * as batch from "./batch.js";
import { client } from "./generated/hey-api/client.gen.js";
import { crossEntropy, getLoss, modelInfer } from "./generated/hey-api/index.js";

client.setConfig({ baseUrl: process.env["LOSS_HTTP"] ?? "http://localhost:8080" });

test("hey-api scores", async () => {
  const { data, error } = await crossEntropy({
    body: { logits: batch.logits, labels: batch.labels, outputs: ["loss", "gradient"], tensor_encoding: "json" },
  });
  assert.ok(data, error?.detail);
  const loss: number | string | null | undefined = data.loss;
  batch.assertClose(loss, batch.loss);
  batch.assertClose((data.gradient as number[][])[0]?.[0], batch.firstGradient);
});

test("hey-api reads an error", async () => {
  const { data, error } = await crossEntropy({ body: { logits: batch.logits, labels: [0, 7] } });
  assert.equal(data, undefined);
  assert.equal(error?.detail, "labels[1]: class index 7 is outside 0..2");
  assert.equal(error?.errors?.[0]?.pointer, "#/labels/1");
});

test("hey-api infers, and reads the error", async () => {
  const infer = (labels: number[]) => modelInfer({
    path: { model: "cross_entropy" },
    body: {
      inputs: [
        { name: "logits", shape: [2, 3], datatype: "FP32", data: batch.logits },
        { name: "labels", shape: [2], datatype: "INT64", data: labels },
      ],
    },
  });
  batch.assertClose((await infer(batch.labels)).data?.outputs[0]?.data?.[0], batch.loss);
  assert.equal((await infer([0, 7])).error?.error, "labels[1]: class index 7 is outside 0..2");
});

test("hey-api reads the catalogue", async () => {
  const { data } = await getLoss({ path: { loss: "binary_focal" } });
  assert.equal(data?.kind, "binary");
});
