// Renders deploy/kubernetes by kubectl and compares every resource, and those of deploy/kserve, with the types of Kubernetes' API: a name
// that is no field, a missing field and a value of another type are errors. Needs kubectl 1.27 or newer, and `npm ci` before.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { parseAllDocuments } from "yaml";

const deploy = new URL("../../deploy/", import.meta.url).pathname;
const render = (folder) => execFileSync("kubectl", ["kustomize", deploy + folder], { encoding: "utf8" });
const sources = {
  "kubernetes/base": render("kubernetes/base"),
  "kubernetes/overlays/production": render("kubernetes/overlays/production"),
  "kserve/serving-runtime.yaml": readFileSync(deploy + "kserve/serving-runtime.yaml", "utf8"),
  "kserve/inference-service.yaml": readFileSync(deploy + "kserve/inference-service.yaml", "utf8"),
};

// the module that has the type of a resource
const modules = {
  "serving.kserve.io": () => "./kserve.ts",
  "monitoring.coreos.com": (version) => `@kubernetes-models/prometheus-operator/monitoring.coreos.com/${version}`,
};
const resources = Object.entries(sources).flatMap(([source, text]) => parseAllDocuments(text).map((one) => ({ source, resource: one.toJS() })));
const lines = resources.map(({ source, resource }, number) => {
  const [version, group = ""] = resource.apiVersion.split("/").reverse();
  const folder = group === "" ? version : `${group}/${version}`;
  const from = modules[group]?.(version) ?? `kubernetes-models/${folder}`;
  return `import type { I${resource.kind} as T${number} } from "${from}";\n// ${source}\n` +
    `export const resource${number}: T${number} = ${JSON.stringify(resource, null, 2)};\n`;
});
writeFileSync(new URL("rendered.ts", import.meta.url), lines.join("\n"));
execFileSync("npx", ["--no-install", "tsc", "--noEmit", "--strict", "--skipLibCheck", "--allowImportingTsExtensions", "--module", "nodenext",
  "--moduleResolution", "nodenext", "rendered.ts"], { cwd: import.meta.dirname, stdio: "inherit" });
console.log(`${resources.length} resources are of their types`);
