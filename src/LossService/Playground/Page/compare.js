// Several losses over the same batch.

import { readLoss, scoreAll } from "./service.js";
import { losses, unitName, unitOf } from "./loss.js";
import { showProblem } from "./problems.js";
import { valuesOf } from "./upload.js";
import { change, state } from "./state.js";
import { find, h } from "./dom.js";
import { text } from "./numbers.js";

let batchOf = () => null;

/** What the table was made for: batch, kind of loss, unit. */
let shown = [];

/** Makes the list; the batch is asked for when a loss is chosen. */
export function startCompare(readBatch) {
  batchOf = readBatch;
}

/** Shows the losses that can score the batch, and the values of the chosen ones. */
export async function showCompare() {
  const batch = batchOf();
  const form = batch?.members && ["logits", "probabilities", "log_probabilities"].find(name => name in batch.members);
  find("#compare-card").hidden = !form;
  if (!form) return;
  const wanted = [batch, losses.get(state.loss).kind, state.unit];
  if (wanted.every((value, index) => value === shown[index])) return;
  const fitting = await fittingOf(batch, form);
  if (!fitting.some(loss => state.compare.includes(loss.name))) change({ compare: fitting.slice(0, 4).map(loss => loss.name) });
  find("#compare-choice").replaceChildren(...fitting.map(loss => {
    const box = h("input", {
      type: "checkbox", value: loss.name, onchange: () => {
        const others = state.compare.filter(name => name !== loss.name);
        change({ compare: box.checked ? [...others, loss.name] : others });
        showValues(batch);
      },
    });
    box.checked = state.compare.includes(loss.name);
    return h("label", {}, box, " ", loss.title);
  }));
  await showValues(batch);
  shown = wanted;
}

/** The losses of the chosen one's kind that take the batch's predictions and labels. */
async function fittingOf({ members, labels }, form) {
  const { kind } = losses.get(state.loss);
  const listed = [...losses.values()].filter(loss => loss.kind === kind && loss.predictions.includes(form));
  const pages = await Promise.all(listed.map(loss => readLoss(loss.name)));
  // labels that are no class indices are distributions
  const rules = labels ? ["class", "classes", "relevance", "bit", "distribution", "probability"] : ["distribution", "probability"];
  return pages.filter(loss => "labels" in members && rules.includes(loss.labels));
}

async function showValues(batch) {
  const kind = losses.get(state.loss).kind;
  const asked = state.compare.map(name => losses.get(name)).filter(loss => loss?.kind === kind);
  const entries = Object.fromEntries(asked.map(loss => [loss.name, { loss: loss.name, options: unitOf(loss) }]));
  const members = Object.fromEntries(Object.entries(batch.members).filter(([name]) => SHARED.includes(name)));
  try {
    const scores = await scoreAll(entries, { ...members, outputs: ["loss", "losses"], tensor_encoding: "base64" });
    find("#compare-values").replaceChildren(...asked.map(loss => row(loss, scores[loss.name])));
  } catch (error) {
    showProblem(find("#compare-card"), error);
  }
}

/** The members that a batch has for every loss. */
const SHARED = ["logits", "probabilities", "log_probabilities", "labels", "sample_weight", "mask", "dtype"];

function row(loss, scores) {
  const values = valuesOf(scores.losses);
  let worst = 0;
  values.forEach((value, index) => { if (value > values[worst]) worst = index; });
  const unit = unitName(loss);
  return h("tr", {}, h("th", { scope: "row" }, h("a", { href: `v1/losses/${loss.name}` }, loss.title)),
    h("td", {}, `${text(scores.loss)} ${unit}`),
    h("td", {}, values.length > 0 ? `${text(values[worst], 3)} ${unit} (sample ${worst})` : "–"));
}
