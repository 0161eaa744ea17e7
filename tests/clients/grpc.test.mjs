import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { after, test } from "node:test";
import { promisify } from "node:util";
import grpc from "@grpc/grpc-js";
import loader from "@grpc/proto-loader";
import * as batch from "./batch.mjs";

const address = process.env.LOSS_GRPC ?? "localhost:8081";
const proto = fileURLToPath(new URL("../../src/LossService/Formats/OpenInference/Grpc/open_inference_grpc.proto", import.meta.url));
const { inference } = grpc.loadPackageDefinition(loader.loadSync(proto, { keepCase: true, longs: Number }));
const client = new inference.GRPCInferenceService(address, grpc.credentials.createInsecure());
const call = (method, message) => promisify(client[method].bind(client))(message);
after(() => client.close());

const outputs = [{ name: "loss" }, { name: "gradient" }];

test("server and model metadata say what the model takes", async () => {
  assert.equal((await call("ServerReady", {})).ready, true);
  assert.equal((await call("ServerMetadata", {})).name, "LossService");
  const model = await call("ModelMetadata", { name: "cross_entropy" });
  assert.ok(model.inputs.some(input => input.name === "labels" && input.datatype === "INT64"));
});

test("typed contents score, and are answered typed", async () => {
  const answer = await call("ModelInfer", {
    model_name: "cross_entropy",
    id: "typed",
    parameters: { reduction: { string_param: "mean" } },
    inputs: [
      { name: "logits", datatype: "FP32", shape: batch.shape, contents: { fp32_contents: batch.logits } },
      { name: "labels", datatype: "INT64", shape: [3], contents: { int64_contents: batch.labels } },
    ],
    outputs,
  });
  assert.equal(answer.id, "typed");
  assert.equal(answer.parameters.total_samples.int64_param, 3);
  assert.ok(batch.areClose(answer.outputs[0].contents.fp64_contents, [batch.loss]));
  assert.ok(batch.areClose(answer.outputs[1].contents.fp32_contents, batch.gradient));
});

test("raw contents score, and are answered raw", async () => {
  const answer = await call("ModelInfer", {
    model_name: "cross_entropy",
    inputs: [{ name: "logits", datatype: "FP32", shape: batch.shape }, { name: "labels", datatype: "INT64", shape: [3] }],
    outputs,
    raw_input_contents: [
      batch.bytesOf(batch.logits, 4, "writeFloatLE"),
      batch.bytesOf(batch.labels.map(BigInt), 8, "writeBigInt64LE"),
    ],
  });
  assert.ok(batch.areClose(batch.numbersOf(answer.raw_output_contents[0], 8, "readDoubleLE"), [batch.loss]));
  assert.ok(batch.areClose(batch.numbersOf(answer.raw_output_contents[1], 4, "readFloatLE"), batch.gradient));
});

test("a bad batch is INVALID_ARGUMENT with the words of the HTTP problem, an unknown model NOT_FOUND", async () => {
  const bad = {
    model_name: "cross_entropy",
    inputs: [
      { name: "logits", datatype: "FP32", shape: batch.shape, contents: { fp32_contents: batch.logits } },
      { name: "labels", datatype: "INT64", shape: [3], contents: { int64_contents: [0, 1, 9] } },
    ],
  };
  await assert.rejects(call("ModelInfer", bad), { code: grpc.status.INVALID_ARGUMENT, details: "labels[2]: class index 9 is outside 0..2" });
  await assert.rejects(call("ModelInfer", { ...bad, model_name: "crossentropy" }), { code: grpc.status.NOT_FOUND });
});
