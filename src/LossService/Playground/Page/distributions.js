// Two distributions, P and Q: what each event tells, and what it costs to take one distribution for the other.

import { score, scoreAll } from "./service.js";
import { clearProblem, readNumber, showProblem } from "./problems.js";
import { showRequest } from "./request.js";
import { change, NAMES, state } from "./state.js";
import { announce, drawn, find, findAll, h, newest, press } from "./dom.js";
import { percent, plain, text } from "./numbers.js";

const view = () => find("#distributions");

const bars = { p: [], q: [] };

/** Makes the view. */
export function startDistributions() {
  for (const which of ["p", "q"]) {
    bars[which] = NAMES.map((name, index) => makeBar(which, name, index));
    find(`#bars-${which}`).append(...bars[which].map(bar => bar.element));
  }
  for (const button of findAll("#distributions-unit button")) {
    button.addEventListener("click", () => {
      change({ unit: button.value });
      showDistributions();
    });
  }
  find("#same").addEventListener("click", () => {
    change({ q: [...state.p] });
    showDistributions();
  });
  find("#certain").addEventListener("click", () => {
    change({ p: [1, 0, 0] });
    showDistributions();
  });
  find("#even").addEventListener("click", () => {
    change({ p: [1 / 3, 1 / 3, 1 / 3] });
    showDistributions();
  });
}

/** Shows the view as the state has it. */
export function showDistributions() {
  press(findAll("#distributions-unit button"), button => button.value === state.unit);
  showBars();
  return update();
}

const update = newest(async () => {
  const unit = state.unit === "nats" ? {} : { unit: state.unit };
  // the bars may miss a sum of 1 by a rounding
  const options = { normalize: true, ...unit };
  const events = NAMES.map((_, index) => index);
  const crossed = { probabilities: [state.q], labels: [state.p], dtype: "float64", outputs: ["loss"] };
  try {
    const [each, { cross, divergence }] = await Promise.all([
      score("cross_entropy", {
        probabilities: [...events.map(() => state.p), ...events.map(() => state.q)], labels: [...events, ...events],
        reduction: "none", dtype: "float64", outputs: ["losses", "entropy", "probabilities"], ...options,
      }),
      scoreAll({ cross: { loss: "cross_entropy", options }, divergence: { loss: "kl_divergence", options } }, crossed),
    ]);
    clearProblem(view());
    show(each, cross.loss, divergence.loss);
    showRequest(view(), "cross_entropy", { ...crossed, ...options }, cross);
    drawn();
  } catch (error) {
    showProblem(view(), error);
  }
});

function show(each, cross, divergence) {
  const count = NAMES.length;
  NAMES.forEach((_, index) => {
    bars.p[index].content.textContent = text(each.losses[index], 3);
    bars.q[index].content.textContent = text(each.losses[count + index], 3);
  });
  const amounts = { "h-p": each.entropy[0], "h-pq": cross, "kl": divergence };
  const longest = Math.max(...Object.values(amounts).map(Number).filter(Number.isFinite), 0.01);
  for (const [name, value] of Object.entries(amounts)) {
    find(`#${name}`).textContent = text(value);
    find(`#${name}-unit`).textContent = state.unit;
    find(`#${name}-bar`).style.setProperty("--size", `${Number.isFinite(Number(value)) ? 100 * value / longest : 100}%`);
  }
  find("#kl-bar").style.setProperty("--from", `${Number.isFinite(Number(cross)) ? 100 * each.entropy[0] / longest : 0}%`);
  const told = tell(each, cross, divergence);
  find("#distributions-told").textContent = told;
  announce(told);
}

function tell(each, cross, divergence) {
  const unit = state.unit;
  if (Number(cross) === Infinity) return "Q gives probability 0 to something that P lets happen, so the surprise is infinite.";
  const least = `Events that come as P says surprise by ${text(each.entropy[0], 3)} ${unit} on average at the least.`;
  return Math.abs(Number(divergence)) < 5e-7 ? `${least} Q is P, so nothing is added.`
    : `${least} Who believes Q is surprised by ${text(cross, 3)} ${unit}: ${text(divergence, 3)} more, which is KL(P‖Q).`;
}

function makeBar(which, name, index) {
  const range = h("input", {
    type: "range", min: 0, max: 1, step: 0.005, class: "upright", "aria-label": `${which.toUpperCase()} of ${name}`,
    "aria-orientation": "vertical",
  });
  const field = h("input", {
    type: "text", inputmode: "decimal", size: 5, class: "share", "aria-label": `${which.toUpperCase()} of ${name}, as a number`,
  });
  const content = h("output", { class: "content" });
  const move = value => {
    change({ [which]: withShare(state[which], index, value) });
    showBars();
    update();
  };
  range.addEventListener("input", () => move(Number(range.value)));
  field.addEventListener("change", () => {
    const value = readNumber(field, 0, 1);
    if (value !== undefined) move(value);
  });
  return { range, field, content, element: h("div", { class: "upright-bar" }, field, range, h("span", {}, name), content) };
}

function showBars() {
  for (const which of ["p", "q"]) {
    bars[which].forEach((bar, index) => {
      const value = state[which][index];
      bar.range.value = value;
      bar.range.style.setProperty("--at", `${100 * value}%`);
      bar.range.setAttribute("aria-valuetext", percent(value));
      bar.field.value = plain(value.toFixed(4));
    });
  }
}

/** A distribution after one of its bars was dragged: the others keep their proportions. */
function withShare(shares, moved, value) {
  const others = shares.reduce((sum, share, index) => index === moved ? sum : sum + share, 0);
  return shares.map((share, index) => index === moved ? value
    : others > 0 ? share * (1 - value) / others : (1 - value) / (shares.length - 1));
}
