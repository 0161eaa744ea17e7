import assert from "node:assert/strict";
import { test } from "node:test";
import createClient from "openapi-fetch";
import * as batch from "./batch.js";
import type { paths } from "./generated/schema.js";

const client = createClient<paths>({ baseUrl: process.env["LOSS_HTTP"] ?? "http://localhost:8080" });

test("openapi-fetch scores", async () => {
  const { data, error } = await client.POST("/v1/losses/cross_entropy", {
    body: { logits: batch.logits, labels: batch.labels, outputs: ["loss", "gradient"], reduction: null, ignore_index: [-1, -100] },
  });
  assert.ok(data, error?.detail);
  const loss: number | string | null | undefined = data.loss;
  batch.assertClose(loss, batch.loss);
  batch.assertClose((data.gradient as number[][])[0]?.[0], batch.firstGradient);
  assert.equal(data.totals.samples, 2);
});

test("openapi-fetch reads an error", async () => {
  const { data, error } = await client.POST("/v1/losses/cross_entropy", { body: { logits: batch.logits, labels: [0, 7] } });
  assert.equal(data, undefined);
  assert.equal(error?.detail, "labels[1]: class index 7 is outside 0..2");
  assert.equal(error?.errors?.[0]?.pointer, "#/labels/1");
});

test("openapi-fetch infers, and reads the error", async () => {
  const infer = (labels: number[]) => client.POST("/v2/models/{model}/infer", {
    params: { path: { model: "cross_entropy" } },
    body: {
      inputs: [
        { name: "logits", shape: [2, 3], datatype: "FP32", data: batch.logits },
        { name: "labels", shape: [2], datatype: "INT64", data: labels },
      ],
      parameters: { mean_over: "samples", label_smoothing: 0 },
    },
  });
  batch.assertClose((await infer(batch.labels)).data?.outputs[0]?.data?.[0], batch.loss);
  assert.equal((await infer([0, 7])).error?.error, "labels[1]: class index 7 is outside 0..2");
});

test("openapi-fetch streams lines", async () => {
  const line = JSON.stringify({ logits: batch.logits, labels: batch.labels });
  const { data } = await client.POST("/v1/losses/{loss}", {
    params: { path: { loss: "cross_entropy" } },
    body: `${line}\n${line}\n`,
    bodySerializer: body => body,
    headers: { "Content-Type": "application/x-ndjson" },
    parseAs: "text",
  });
  const lines = data?.trim().split("\n").map(text => JSON.parse(text));
  assert.equal(lines?.length, 3);
  batch.assertClose(lines?.[2].summary.loss, batch.loss);
});
