// A request as programs in several languages.

import { key } from "./service.js";

/** A longer batch is read from a file, as no one would paste it. */
const LONG = 20_000;

/** Name of the language → the program that posts a batch to a route. */
export const PROGRAMS = { curl, Python: python, "C#": csharp };

/** A part of a form: its file, or its text. */
const partsOf = ({ parts, ...options }) => [
  ...Object.keys(parts).map(name => ({ name, file: `${name}.npy` })),
  ...Object.entries(options).map(([name, value]) => ({ name, text: typeof value === "string" ? value : JSON.stringify(value) })),
];

const isLong = batch => JSON.stringify(batch).length > LONG;

function curl(route, batch) {
  const lines = [`curl ${route}`];
  if (key.get()) lines.push("-H \"Authorization: Bearer $KEY\"");
  if (batch.parts) {
    for (const { name, file, text } of partsOf(batch)) lines.push(file ? `-F ${name}=@${file}` : `-F ${quote(`${name}=${text}`)}`);
  } else {
    lines.push("-H 'Content-Type: application/json'", isLong(batch) ? "-d @batch.json" : `-d ${quote(JSON.stringify(batch))}`);
  }
  return lines.join(" \\\n  ");
}

const quote = text => `'${text.replaceAll("'", "'\\''")}'`;

function python(route, batch) {
  const access = key.get() ? ", headers={\"Authorization\": f\"Bearer {key}\"}" : "";
  const end = `print(answer.json())`;
  if (batch.parts) {
    const parts = partsOf(batch);
    const files = parts.filter(part => part.file).map(({ name, file }) => `    "${name}": open("${file}", "rb"),\n`).join("");
    const texts = parts.filter(part => !part.file).map(({ name, text }) => `    "${name}": ${JSON.stringify(text)},\n`).join("");
    return `import requests\n\nfiles = {\n${files}}\noptions = {\n${texts}}\n`
      + `answer = requests.post("${route}", files=files, data=options${access})\n${end}`;
  }
  if (isLong(batch)) {
    return `import json\nimport requests\n\nbatch = json.load(open("batch.json"))\n`
      + `answer = requests.post("${route}", json=batch${access})\n${end}`;
  }
  const members = Object.entries(batch).map(([name, value]) => `    ${JSON.stringify(name)}: ${literal(value)},\n`).join("");
  return `import requests\n\nbatch = {\n${members}}\nanswer = requests.post("${route}", json=batch${access})\n${end}`;
}

function csharp(route, batch) {
  const access = key.get() ? "http.DefaultRequestHeaders.Authorization = new(\"Bearer\", key);\n" : "";
  return `using System.Text;

using var http = new HttpClient();
${access}${content(batch)}
using var answer = await http.PostAsync("${route}", batch);
Console.WriteLine(await answer.Content.ReadAsStringAsync());`;
}

function content(batch) {
  if (batch.parts) {
    return `using var batch = new MultipartFormDataContent();\n${partsOf(batch).map(({ name, file, text }) => file
      ? `batch.Add(new ByteArrayContent(File.ReadAllBytes("${file}")), "${name}", "${file}");`
      : `batch.Add(new StringContent(${JSON.stringify(text)}), "${name}");`).join("\n")}`;
  }
  const text = isLong(batch) ? "File.ReadAllText(\"batch.json\")" : `"""\n    ${JSON.stringify(batch)}\n    """`;
  return `using var batch = new StringContent(${text}, Encoding.UTF8, "application/json");`;
}

/** A JSON value as Python writes it. */
function literal(value) {
  if (Array.isArray(value)) return `[${value.map(literal).join(", ")}]`;
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value !== "object") return JSON.stringify(value);
  return `{${Object.entries(value).map(([name, item]) => `${JSON.stringify(name)}: ${literal(item)}`).join(", ")}}`;
}
