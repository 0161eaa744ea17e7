// Scores one batch again and again, by one way of node; a line on standard input asks for once more.
//   node timing.mjs WAY PORT GRPC_PORT ROWS CLASSES LOGITS LABELS      the last two are files of float32 and int64
// Prints "seconds loss" for each line: the time from arrays to the gradient in one. tests/LossService.Benchmarks, -- stacks, runs it.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import grpc from "@grpc/grpc-js";
import loader from "@grpc/proto-loader";

const [way, port, grpcPort, rows, classes, logitsFile, labelsFile] = process.argv.slice(2);
const floatsOf = bytes => new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
const logitBytes = readFileSync(logitsFile);
const labelBytes = readFileSync(labelsFile);
const flat = floatsOf(logitBytes);
const logits = Array.from({ length: Number(rows) }, (_, row) => Array.from(flat.subarray(row * classes, (row + 1) * classes)));
const labels = Array.from({ length: Number(rows) }, (_, row) => Number(labelBytes.readBigInt64LE(row * 8)));
const shape = [Number(rows), Number(classes)];
const jsonLength = "Inference-Header-Content-Length";

const fetchJson = async () => {
  const answer = await fetch(`http://127.0.0.1:${port}/v1/losses/cross_entropy`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ logits, labels, outputs: ["loss", "gradient"] }),
  });
  const scores = await answer.json();
  return [scores.loss, scores.gradient.length * scores.gradient[0].length];
};

const fetchBinary = async () => {
  const head = Buffer.from(JSON.stringify({
    inputs: [
      { name: "logits", datatype: "FP32", shape, parameters: { binary_data_size: logitBytes.length } },
      { name: "labels", datatype: "INT64", shape: [shape[0]], parameters: { binary_data_size: labelBytes.length } },
    ],
    outputs: [{ name: "loss" }, { name: "gradient", parameters: { binary_data: true } }],
  }));
  const answer = await fetch(`http://127.0.0.1:${port}/v2/models/cross_entropy/infer`, {
    method: "POST",
    headers: { "Content-Type": "application/octet-stream", [jsonLength]: String(head.length) },
    body: Buffer.concat([head, logitBytes, labelBytes]),
  });
  const bytes = Buffer.from(await answer.arrayBuffer());
  const length = Number(answer.headers.get(jsonLength));
  return [JSON.parse(bytes.subarray(0, length)).outputs[0].data[0], floatsOf(bytes.subarray(length)).length];
};

const makeGrpc = () => {
  const proto = fileURLToPath(new URL("../../src/LossService/Formats/OpenInference/Grpc/open_inference_grpc.proto", import.meta.url));
  const { inference } = grpc.loadPackageDefinition(loader.loadSync(proto, { keepCase: true, longs: Number }));
  const client = new inference.GRPCInferenceService(`127.0.0.1:${grpcPort}`, grpc.credentials.createInsecure(), {
    // the gradient is longer than the 4 MiB that it takes by default
    "grpc.max_receive_message_length": -1,
  });
  return promisify(client.ModelInfer.bind(client));
};

const grpcRaw = async () => {
  const answer = await infer({
    model_name: "cross_entropy",
    inputs: [{ name: "logits", datatype: "FP32", shape }, { name: "labels", datatype: "INT64", shape: [shape[0]] }],
    outputs: [{ name: "loss" }, { name: "gradient" }],
    raw_input_contents: [logitBytes, labelBytes],
  });
  return [answer.raw_output_contents[0].readDoubleLE(0), floatsOf(answer.raw_output_contents[1]).length];
};

const score = { "fetch-json": fetchJson, "fetch-binary": fetchBinary, "grpc-raw": grpcRaw }[way];
const infer = way.startsWith("grpc") ? makeGrpc() : undefined;
for await (const _ of createInterface({ input: process.stdin })) {
  const start = performance.now();
  const [loss, elements] = await score();
  const seconds = (performance.now() - start) / 1000;
  if (elements !== shape[0] * shape[1]) throw new Error(`the gradient has ${elements} elements`);
  console.log(`${seconds} ${loss}`);
}
process.exit();
