// The panel that chooses a loss: its formula, its symbols, its options.

import { readFile, readLoss, readLosses } from "./service.js";
import { optionControls } from "./options.js";
import { change, state } from "./state.js";
import { find, findAll, h, press } from "./dom.js";

/** The catalogue, by name. */
export const losses = new Map();

let formulas = {};

/** The chosen loss in full; set before a view is drawn. */
export let chosen = null;

/** Reads the catalogue and makes the panel. */
export async function startLoss(show) {
  const [listed, typeset] = await Promise.all([readLosses(), readFile("../pages/formulas.json").catch(() => ({}))]);
  // the views are of samples, of which an overlap has no losses
  for (const loss of listed) if (loss.kind !== "overlap") losses.set(loss.name, loss);
  formulas = typeset;
  const select = find("#loss-name");
  fillLosses(select, [...losses.values()]);
  select.addEventListener("change", () => {
    change({ loss: select.value, options: {} });
    showLoss(show);
  });
  find("#reset").addEventListener("click", () => {
    change({ options: {} });
    showLoss(show);
  });
  for (const button of findAll("#unit button")) {
    button.addEventListener("click", () => {
      change({ unit: button.value });
      showUnit();
      show();
    });
  }
}

/** Fills a list of losses, by kind. */
export function fillLosses(select, listed) {
  const kinds = Map.groupBy(listed, loss => loss.kind);
  select.replaceChildren(...[...kinds].map(([kind, members]) => h("optgroup", { label: kind },
    members.map(loss => h("option", { value: loss.name }, loss.title)))));
}

/**
 * Shows the loss of the state; one that the service does not have becomes the first.
 * @param show shows the view, at once and whenever an option changes
 */
export async function showLoss(show) {
  // the data that the service ships has one label for each row of classes
  const isOfRows = state.view === "batch" && state.data !== "own";
  for (const group of findAll("#loss-name optgroup")) group.disabled = isOfRows && group.label !== "categorical";
  if (!losses.has(state.loss) || (isOfRows && losses.get(state.loss).kind !== "categorical")) {
    change({ loss: "cross_entropy", options: {} });
  }
  chosen = await readLoss(state.loss);
  // the panel is filled while the service scores
  const shown = show();
  showPanel(show);
  await shown;
}

function showPanel(show) {
  find("#loss-name").value = chosen.name;
  find("#loss-page").href = `v1/losses/${chosen.name}`;
  find("#loss-summary").textContent = chosen.summary;
  find("#formula").replaceChildren(typeset(chosen));
  const symbols = /Symbols: (.*)$/s.exec(chosen.when_to_use)?.[1] ?? "";
  find("#symbols").replaceChildren(...symbols.split(/[;.]\s+/).filter(Boolean)
    .map(symbol => h("li", {}, symbol.trim().replace(/\.$/, ""))));
  const isSample = state.view === "sample";
  const controls = optionControls(chosen.options_schema, state.options, isSample ? "logits" : state.form, isSample, () => {
    change({ options: state.options });
    show();
  });
  find("#options").replaceChildren(...controls);
  showUnit();
}

/** The options of the request, with the unit where the loss has one. */
export const requestOptions = (loss = chosen) => ({ ...loss === chosen ? state.options : {}, ...unitOf(loss) });

/** The unit as a member of a request. */
export const unitOf = loss => loss.units?.length > 0 && state.unit !== "nats" ? { unit: state.unit } : {};

/** What a value of the loss is measured in. */
export const unitName = (loss = chosen) => loss.units?.length > 0 ? state.unit : "";

function showUnit() {
  find("#unit").hidden = !(chosen.units?.length > 0);
  press(findAll("#unit button"), button => button.value === state.unit);
}

function typeset(loss) {
  const formula = formulas[loss.name];
  if (formula?.latex !== loss.formula) return h("code", {}, loss.formula_text);
  return new DOMParser().parseFromString(formula.mathml, "text/html").body.firstChild;
}
