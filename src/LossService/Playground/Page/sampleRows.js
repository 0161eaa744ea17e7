// The rows of a sample, one for each class: its score to drag, its probability, its gradient.

import { readNumber } from "./problems.js";
import { change, NAMES, SCORE_LIMIT, state } from "./state.js";
import { find, h } from "./dom.js";
import { percent, plain, signed } from "./numbers.js";

let rows = [];

/** Makes the rows; onchange is called at each step of a drag. */
export function makeRows(element, onchange) {
  rows = NAMES.map((name, index) => makeRow(name, index, onchange));
  element.append(...rows.map(row => row.element));
}

/** Shows the state, and the numbers of an answer where there is one. */
export function showRows(loss, answer) {
  const isCategorical = loss.kind === "categorical";
  find("#truth-question").hidden = loss.labels === "none";
  find("#truth-question").textContent = isCategorical ? "What is in the picture?" : "What is in the picture? (each by itself)";
  rows.forEach((row, index) => {
    row.truth.type = isCategorical ? "radio" : "checkbox";
    row.truth.hidden = loss.labels === "none";
    row.truth.disabled = loss.labels === "none";
    row.truth.checked = state.truth[index] === 1;
    row.element.classList.toggle("true", loss.labels !== "none" && state.truth[index] === 1);
    showScore(row, index);
    if (answer) showResults(row, answer.probabilities[0][index], answer.gradient[0][index], limitOf(answer.gradient[0]));
  });
}

function makeRow(name, index, onchange) {
  const truth = h("input", { type: "radio", name: "truth", id: `truth-${index}`, "data-member": "labels" });
  const range = h("input", {
    type: "range", min: -SCORE_LIMIT, max: SCORE_LIMIT, step: 0.05, "aria-label": `Score of ${name}`, class: "centred",
  });
  const field = h("input", {
    type: "text", inputmode: "decimal", size: 5, "aria-label": `Score of ${name}, as a number`, "data-member": "logits",
  });
  const probability = bar("probability");
  const gradient = bar("gradient");
  const row = {
    truth, range, field, probability, gradient,
    element: h("div", { class: "row", role: "group", "aria-label": name },
      h("div", { class: "name" }, truth, h("label", { for: `truth-${index}` }, name)),
      h("div", { class: "score field" }, range, field), probability.element, gradient.element),
  };
  truth.addEventListener("change", () => {
    const values = truth.type === "radio" ? NAMES.map((_, other) => Number(other === index))
      : state.truth.map((value, other) => other === index ? Number(truth.checked) : value);
    change({ truth: values, moved: index });
    rows.forEach((other, place) => other.element.classList.toggle("true", values[place] === 1));
    onchange();
  });
  const move = value => {
    change({ scores: state.scores.map((old, other) => other === index ? value : old), moved: index });
    showScore(row, index);
    onchange();
  };
  range.addEventListener("input", () => move(Number(range.value)));
  field.addEventListener("change", () => {
    const value = readNumber(field, -SCORE_LIMIT, SCORE_LIMIT);
    if (value !== undefined) move(value);
  });
  return row;
}

function bar(kind) {
  const fill = h("span", { class: "fill" });
  const label = h("output", {});
  const track = h("span", { class: "track", "aria-hidden": "true" }, fill);
  return { fill, label, element: h("div", { class: `measure ${kind}` }, track, label) };
}

function showScore(row, index) {
  const value = state.scores[index];
  row.range.value = value;
  row.range.style.setProperty("--at", `${50 + 50 * value / SCORE_LIMIT}%`);
  if (document.activeElement !== row.field) row.field.value = plain(value);
  row.range.setAttribute("aria-valuetext", plain(value));
}

function showResults(row, probability, gradient, limit) {
  row.probability.fill.style.setProperty("--size", `${100 * Number(probability)}%`);
  row.probability.label.textContent = percent(probability);
  const share = Math.min(Math.abs(Number(gradient)) / limit, 1);
  row.gradient.fill.style.setProperty("--size", `${50 * (Number.isFinite(share) ? share : 1)}%`);
  row.gradient.fill.classList.toggle("negative", Number(gradient) < 0);
  row.gradient.label.textContent = signed(gradient);
}

/** What a full bar of the gradient stands for: 1, which cross-entropy's stays below, or the largest. */
const limitOf = gradient => Math.max(1, ...gradient.map(value => Math.abs(Number(value))).filter(Number.isFinite));
