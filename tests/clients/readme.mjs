// Writes the programs of README.md in TypeScript and JavaScript into typescript/generated, as a reader would save them; only addresses and
// the paths of files are others. Run by readme.test.mjs after they are compiled.
import { mkdir, readFile, writeFile } from "node:fs/promises";

const file = path => new URL(path, import.meta.url);
const readme = await readFile(file("../../README.md"), "utf8");
const block = language => {
  const blocks = [...readme.matchAll(new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, "gs"))];
  if (blocks.length !== 1) throw new Error(`README.md has ${blocks.length} blocks of ${language}`);
  return blocks[0][1];
};
const replace = (text, from, to) => {
  if (!text.includes(from)) throw new Error(`README.md has no ${from}`);
  return text.replaceAll(from, to);
};

const proto = file("../../src/LossService/Formats/OpenInference/Grpc/open_inference_grpc.proto").pathname;
let grpc = replace(block("js"), '"localhost:8081"', "process.env.LOSS_GRPC");
grpc = replace(grpc, '"open_inference_grpc.proto"', JSON.stringify(proto));
let typescript = replace(block("typescript"), '"http://localhost:8080"', 'process.env["LOSS_HTTP"]!');
typescript = replace(typescript, "./loss.js", "./schema.js");

await mkdir(file("typescript/generated"), { recursive: true });
await writeFile(file("typescript/generated/readme-grpc.mjs"), grpc);
await writeFile(file("typescript/generated/readme.ts"), typescript);
