// Typesets the formulas of the catalogue as MathML, which pages/formulas.json keeps beside their LaTeX.
//   cd tests/clients && npm ci && npm run typeset        (after openapi.json is regenerated)
import { readFile, writeFile } from "node:fs/promises";
import temml from "temml";

const file = path => new URL(`../../src/LossService/${path}`, import.meta.url);
const document = JSON.parse(await readFile(file("OpenApi/openapi.json"), "utf8"));
const { losses } = document.paths["/v1/losses"].get.responses["200"].content["application/json"].example;

const typeset = latex => temml.renderToString(latex, { displayMode: true, throwOnError: true, wrap: "none" })
  // a page may not have styles of its own, by its Content-Security-Policy
  .replace(/ style="[^"]*"/g, "")
  .replace(/ class="[^"]*"/g, "");

const formulas = Object.fromEntries(losses.map(({ name, formula }) => [name, { latex: formula, mathml: typeset(formula) }]));
await writeFile(file("Api/Html/formulas.json"), JSON.stringify(formulas, null, 2) + "\n");
