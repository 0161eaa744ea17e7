// Two binary losses side by side: both values and both gradients at every score of one sample.

import { scoreAll } from "./service.js";
import { fillLosses, losses, unitOf } from "./loss.js";
import { draw, line, topFor } from "./charts.js";
import { clearProblem, readNumber, showProblem } from "./problems.js";
import { showRequest } from "./request.js";
import { change, SCORE_LIMIT, state } from "./state.js";
import { announce, drawn, find, findAll, newest, press } from "./dom.js";
import { percent, plain, signed, steps, text } from "./numbers.js";

const SCORES = steps(-SCORE_LIMIT, SCORE_LIMIT, 161);
const COLORS = { first: "var(--loss)", second: "var(--second)" };

/** Scores to begin with, as seen from the label. */
const SITUATIONS = { wrong: -6, unsure: 0, right: 6 };

const view = () => find("#beside");

let curves = null;

/** Makes the view. */
export function startBeside() {
  const binary = [...losses.values()].filter(loss => loss.kind === "binary");
  for (const which of ["first", "second"]) {
    const select = find(`#beside-${which}`);
    fillLosses(select, binary);
    select.addEventListener("change", () => {
      change({ [which]: select.value });
      update();
    });
  }
  const range = find("#beside-z");
  range.addEventListener("input", () => move(Number(range.value)));
  find("#beside-field").addEventListener("change", ({ target }) => {
    const value = readNumber(target, -SCORE_LIMIT, SCORE_LIMIT);
    if (value !== undefined) move(value);
  });
  for (const button of findAll("#beside-label button")) {
    button.addEventListener("click", () => {
      change({ label: button.value });
      update();
    });
  }
  for (const button of findAll("#beside [data-situation]")) {
    button.addEventListener("click", () => {
      const value = SITUATIONS[button.dataset.situation];
      move(state.label === "1" ? value : -value);
    });
  }
}

/** Shows the view as the state has it. */
export function showBeside() {
  return update();
}

function move(z) {
  change({ z });
  update();
}

const update = newest(async () => {
  for (const which of ["first", "second"]) {
    if (losses.get(state[which])?.kind !== "binary") change({ [which]: which === "first" ? "binary_cross_entropy" : "binary_brier" });
    find(`#beside-${which}`).value = state[which];
  }
  showControls();
  const isUsual = state.first === "binary_cross_entropy" && state.second === "binary_brier";
  for (const caption of findAll("[data-default-pair]")) caption.hidden = !isUsual;
  const batch = { logits: [state.z], labels: [Number(state.label)], reduction: "sum", outputs: ["loss", "gradient", "probabilities"] };
  try {
    const entries = entriesOf();
    const [here] = await Promise.all([scoreAll(entries, batch), readCurves(entries)]);
    clearProblem(view());
    tell(here);
    drawBoth(here);
    showRequest(view(), state.first, { ...batch, ...entries.first.options }, here.first);
    drawn();
  } catch (error) {
    showProblem(view(), error);
  }
});

const entriesOf = () => Object.fromEntries(["first", "second"].map(which =>
  [which, { loss: state[which], options: unitOf(losses.get(state[which])) }]));

/** Asks for the curves, which change with the losses and the label alone. */
async function readCurves(entries) {
  const wanted = JSON.stringify([entries, state.label]);
  if (curves?.wanted === wanted) return;
  const answers = await scoreAll(entries, {
    logits: SCORES, labels: SCORES.map(() => Number(state.label)), reduction: "none", outputs: ["losses", "gradient"],
  });
  const points = which => SCORES.map((z, index) => ({
    z, loss: Number(answers[which].losses[index]), gradient: Number(answers[which].gradient[index]),
  })).filter(point => Number.isFinite(point.loss));
  curves = { wanted, first: points("first"), second: points("second") };
}

function showControls() {
  const range = find("#beside-z");
  range.value = state.z;
  range.style.setProperty("--at", `${50 + 50 * state.z / SCORE_LIMIT}%`);
  range.setAttribute("aria-valuetext", plain(state.z));
  find("#beside-field").value = plain(state.z);
  press(findAll("#beside-label button"), button => button.value === state.label);
}

function tell(here) {
  const probability = here.first.probabilities[0];
  const title = which => losses.get(state[which]).title;
  const wanted = state.label === "1" ? "yes" : "no";
  find("#beside-told").textContent =
    `At z = ${text(state.z, 3)} the model says yes with ${percent(probability)}, and the truth is ${wanted}. `
    + `${title("first")}: loss ${text(here.first.loss)}, gradient ${signed(here.first.gradient[0])}. `
    + `${title("second")}: loss ${text(here.second.loss)}, gradient ${signed(here.second.gradient[0])}.`;
  announce(find("#beside-told").textContent);
  for (const which of ["first", "second"]) {
    find(`#beside-${which}-loss`).textContent = text(here[which].loss);
    find(`#beside-${which}-gradient`).textContent = signed(here[which].gradient[0], 4);
  }
}

function drawBoth(here) {
  drawOne(find("#beside-losses"), "loss", which => Number(here[which].loss), 6.6);
  drawOne(find("#beside-gradients"), "gradient", which => Number(here[which].gradient[0]), Infinity);
}

function drawOne(element, name, valueOf, usual) {
  const all = [...curves.first, ...curves.second].map(point => point[name]);
  const low = Math.min(0, ...all);
  const high = Math.max(Math.min(Math.max(...all), topFor(Math.max(valueOf("first"), valueOf("second")), usual)), 0.1) * 1.05;
  const titles = ["first", "second"].map(which => `${losses.get(state[which]).title} ${text(valueOf(which), 3)}`).join(", ");
  draw(element, {
    basis: [curves, high],
    description: `The ${name} of both losses against the score. At ${plain(state.z)}: ${titles}.`,
    x: { domain: [-SCORE_LIMIT, SCORE_LIMIT], label: "score z →" },
    y: { domain: [low * 1.05, high], label: `↑ ${name}`, grid: true, ticks: 5 },
    marks: [
      Plot.ruleY([0], { stroke: "var(--line-strong)" }),
      line(curves.first, "z", name, COLORS.first),
      line(curves.second, "z", name, COLORS.second, { strokeDasharray: "7,3" }),
    ],
    points: ["first", "second"].map(which => ({ x: state.z, y: valueOf(which), color: COLORS[which], bottom: 0, left: state.z })),
  });
}

/* global Plot */
