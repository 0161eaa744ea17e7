import assert from "node:assert/strict";
import { test } from "node:test";
import * as batch from "./batch.mjs";

const url = process.env.LOSS_HTTP ?? "http://localhost:8080";
const lengthHeader = "Inference-Header-Content-Length";

const infer = (body, headers = {}, model = "cross_entropy") =>
  fetch(`${url}/v2/models/${model}/infer`, { method: "POST", body, headers });

const named = (answer, name) => answer.outputs.find(output => output.name === name);

test("server and model metadata say what the model takes", async () => {
  assert.equal((await (await fetch(`${url}/v2/health/ready`)).json()).ready, true);
  assert.deepEqual((await (await fetch(`${url}/v2`)).json()).extensions, ["binary_tensor_data", "model_configuration", "statistics"]);
  const model = await (await fetch(`${url}/v2/models/cross_entropy`)).json();
  assert.ok(model.inputs.some(input => input.name === "labels" && input.datatype === "INT64"));
});

test("JSON tensors score", async () => {
  const response = await infer(JSON.stringify({
    id: "json",
    inputs: [
      { name: "logits", shape: batch.shape, datatype: "FP32", data: batch.logits },
      { name: "labels", shape: [3], datatype: "INT64", data: batch.labels },
    ],
    outputs: [{ name: "loss" }, { name: "gradient" }],
  }), { "Content-Type": "application/json" });
  const answer = await response.json();
  assert.equal(response.status, 200, JSON.stringify(answer));
  assert.equal(answer.id, "json");
  assert.ok(batch.areClose(named(answer, "loss").data, [batch.loss]));
  assert.ok(batch.areClose(named(answer, "gradient").data, batch.gradient));
});

test("binary tensors score, with no content type and every output binary", async () => {
  const json = Buffer.from(JSON.stringify({
    inputs: [
      { name: "logits", shape: batch.shape, datatype: "FP32", parameters: { binary_data_size: 36 } },
      { name: "labels", shape: [3], datatype: "INT64", parameters: { binary_data_size: 24 } },
    ],
    outputs: [{ name: "losses" }, { name: "gradient" }],
    parameters: { binary_data_output: true },
  }));
  const body = Buffer.concat([
    json,
    batch.bytesOf(batch.logits, 4, "writeFloatLE"),
    batch.bytesOf(batch.labels.map(BigInt), 8, "writeBigInt64LE"),
  ]);
  // a Blob without a type is the one body that fetch sends no Content-Type for
  const response = await infer(new Blob([body]), { [lengthHeader]: String(json.length) });
  const bytes = Buffer.from(await response.arrayBuffer());
  assert.equal(response.status, 200, bytes.toString());
  const length = Number(response.headers.get(lengthHeader));
  const answer = JSON.parse(bytes.subarray(0, length).toString());
  assert.equal(named(answer, "losses").parameters.binary_data_size, 12);
  assert.ok(batch.areClose(batch.numbersOf(bytes.subarray(length, length + 12), 4, "readFloatLE"), batch.losses));
  assert.ok(batch.areClose(batch.numbersOf(bytes.subarray(length + 12), 4, "readFloatLE"), batch.gradient));
});

const outOfRange = JSON.stringify({
  inputs: [
    { name: "logits", shape: batch.shape, datatype: "FP32", data: batch.logits },
    { name: "labels", shape: [3], datatype: "INT64", data: [0, 1, 9] },
  ],
});

test("a bad batch names its tensor and position", async () => {
  const response = await infer(outOfRange, { "Content-Type": "application/json" });
  assert.equal(response.status, 422);
  const problem = await response.json();
  assert.equal(problem.errors[0].pointer, "#/inputs/1/data/2");
  assert.match(problem.error, /labels\[2\]: class index 9/);
});

test("a string, which fetch labels text/plain, is read as JSON", async () => {
  const response = await infer(outOfRange);
  assert.equal(response.status, 422);
  assert.equal(response.headers.get("content-type"), "application/json");
});
