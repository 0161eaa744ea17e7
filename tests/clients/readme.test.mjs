import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import { promisify } from "node:util";

const env = { LOSS_HTTP: "http://localhost:8080", LOSS_GRPC: "localhost:8081", ...process.env };
const loss = (Math.log(Math.exp(2.0) + Math.exp(1.0) + Math.exp(0.1)) - 2.0).toFixed(5);

for (const path of ["readme-grpc.mjs", "compiled/generated/readme.js"])
  test(`README.md's ${path} prints the loss`, async () => {
    const program = fileURLToPath(new URL(`typescript/generated/${path}`, import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, [program], { env, timeout: 60_000 });
    assert.ok(stdout.includes(loss), stdout);
  });
