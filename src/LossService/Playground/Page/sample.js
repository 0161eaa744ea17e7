// One sample: scores to drag, and what the loss makes of them.

import { score } from "./service.js";
import { chosen, requestOptions, unitName } from "./loss.js";
import { makeRows, showRows } from "./sampleRows.js";
import { drawCurve, sweepOf } from "./curve.js";
import { clearProblem, showProblem } from "./problems.js";
import { showRequest } from "./request.js";
import { change, NAMES, state } from "./state.js";
import { announce, drawn, find, findAll, newest } from "./dom.js";
import { percent, text } from "./numbers.js";

/** Scores to begin with, by the name of the button. */
const SITUATIONS = {
  right: [5, 0.5, -0.5],
  unsure: [0, 0, 0],
  wrong: [-2.5, 4, 0],
};

const view = () => find("#sample");

/** Makes the view. */
export function startSample() {
  makeRows(find("#rows"), update);
  for (const button of findAll("#sample [data-situation]")) {
    button.addEventListener("click", () => {
      change({ scores: [...SITUATIONS[button.dataset.situation]], truth: [1, 0, 0], moved: 0 });
      showSample();
    });
  }
}

/** Shows the view as the state has it. */
export function showSample() {
  // of the classes of a categorical loss one is true
  const isOdd = chosen.kind === "categorical" && state.truth.reduce((sum, value) => sum + value) !== 1;
  if (isOdd) change({ truth: NAMES.map((_, index) => Number(index === Math.max(state.truth.indexOf(1), 0))) });
  showRows(chosen, null);
  return update();
}

/** Asks for the scores of the sample and of the curve through it, and shows both. */
const update = newest(async () => {
  const loss = chosen;
  const batch = batchOf(loss);
  try {
    const [answer, sweep] = await Promise.all([score(loss.name, batch), sweepOf(loss, batch)]);
    if (loss !== chosen) return;
    clearProblem(view());
    showRows(loss, answer);
    tell(loss, answer);
    drawCurve(find("#curve"), { loss, batch, answer, sweep });
    showRequest(view(), loss.name, batch, answer);
    drawn();
  } catch (error) {
    showProblem(view(), error);
  }
});

/** The request: one sample, so a sum and no mean, in which its weight would cancel out. */
function batchOf(loss) {
  const labels = loss.labels === "none" ? {}
    : loss.kind === "categorical" ? { labels: [state.truth.indexOf(1)] } : { labels: [state.truth] };
  return {
    logits: [state.scores],
    ...labels,
    reduction: "sum",
    outputs: ["loss", "losses", "probabilities", "gradient"],
    ...requestOptions(loss),
  };
}

/** Says in words what the numbers say. */
function tell(loss, answer) {
  const amount = `${text(answer.loss)} ${unitName(loss)}`.trim();
  find("#amount").textContent = text(answer.loss);
  find("#amount-unit").textContent = unitName(loss);
  const told = `${reason(loss, answer, amount)} ${advice(answer.gradient[0])}`;
  find("#told").textContent = told;
  announce(`Loss ${amount}. ${told}`);
}

function reason(loss, answer, amount) {
  const [probabilities] = answer.probabilities;
  if (loss.labels === "none") return `The probabilities have an entropy of ${amount}.`;
  if (loss.kind !== "categorical") return `The losses of the three questions add up to ${amount}.`;
  const truth = state.truth.indexOf(1);
  const given = `The picture shows a ${NAMES[truth]}, and the model gives ${NAMES[truth]} ${percent(probabilities[truth])}`;
  const isPlain = loss.name === "cross_entropy" && Object.keys(state.options).length === 0;
  const log = state.unit === "bits" ? "log₂" : "log";
  return isPlain ? `${given}. The loss is −${log} ${text(probabilities[truth], 3)} = ${amount}.` : `${given}. The loss is ${amount}.`;
}

function advice(gradient) {
  const raised = NAMES.filter((_, index) => Number(gradient[index]) < -0.0005);
  const lowered = NAMES.filter((_, index) => Number(gradient[index]) > 0.0005);
  if (raised.length + lowered.length === 0) return "The gradient is close to 0: training would leave these scores as they are.";
  if (raised.length === 0) return `Training would lower the score of ${join(lowered)}.`;
  const others = lowered.length === 0 ? "" : ` and lower ${lowered.length > 1 ? "those" : "that"} of ${join(lowered)}`;
  return `Training would raise the score of ${join(raised)}${others}.`;
}

const join = names => names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
