// The pictures of a batch.

import { draw } from "./charts.js";
import { percent, text } from "./numbers.js";

/* global Plot */

const MAX_CLASSES = 30;

/** How many samples have which loss. */
export function drawHistogram(element, { losses, unit }) {
  const values = Array.from(losses).filter(Number.isFinite);
  draw(element, {
    description: `Histogram of the losses of ${values.length} samples, from ${text(min(values), 3)} to ${text(max(values), 3)}. `
      + "A long tail to the right is a few samples with large losses.",
    x: { label: `loss${unit ? `, ${unit}` : ""} →`, ticks: 6 },
    y: { label: "↑ samples", grid: true, ticks: 5, tickFormat: value => Number.isInteger(value) ? String(value) : "" },
    marks: [
      Plot.rectY(values, Plot.binX({ y: "count" }, { x: value => value, fill: "var(--loss)", thresholds: 30, inset: 0.5 })),
      Plot.ruleY([0], { stroke: "var(--line-strong)" }),
    ],
  });
}

/** How often a model is right that says so and so many percent. */
export function drawReliability(element, { answer }) {
  const bins = (answer.metrics?.bins ?? []).filter(bin => bin.weight > 0).map(bin => ({
    ...bin, confidence: Number(bin.confidence), accuracy: Number(bin.accuracy),
  }));
  const card = element.closest(".card");
  card.hidden = bins.length === 0;
  if (card.hidden) return;
  draw(element, {
    description: `Reliability diagram with ${bins.length} bins. Points below the diagonal are predictions that are too sure: `
      + bins.map(bin => `${percent(bin.confidence)} said, ${percent(bin.accuracy)} right`).join("; "),
    x: { domain: [0, 1], label: "what the model says →", tickFormat: "%", ticks: 5 },
    y: { domain: [0, 1], label: "↑ how often it is right", tickFormat: "%", ticks: 5, grid: true },
    r: { range: [2.5, 13] },
    marks: [
      Plot.line([[0, 0], [1, 1]], { stroke: "var(--line-strong)", strokeDasharray: "5,4" }),
      Plot.link(bins, {
        x1: "confidence", x2: "confidence", y1: "confidence", y2: "accuracy", stroke: "var(--second)", strokeWidth: 2,
      }),
      Plot.dot(bins, { x: "confidence", y: "accuracy", r: "weight", fill: "var(--loss)", fillOpacity: 0.85 }),
    ],
  });
}

/** What was true against what the model said. */
export function drawConfusion(element, { loss, labels, predictions, classes, count }) {
  const names = loss.kind === "categorical" ? classes : ["no", "yes"];
  const card = element.closest(".card");
  const isShown = labels && predictions && labels.length === predictions.length && count <= MAX_CLASSES
    && Array.from(labels).every(label => Number(label) in names);
  card.hidden = !isShown;
  if (!isShown) return;
  const cells = names.flatMap((_, truth) => names.map((__, said) =>
    ({ truth: names[truth], said: names[said], samples: 0, isRight: truth === said })));
  labels.forEach((label, index) => { cells[Number(label) * names.length + predictions[index]].samples += 1; });
  const wrong = cells.filter(cell => !cell.isRight && cell.samples > 0).sort((one, other) => other.samples - one.samples);
  const most = max(cells.map(cell => cell.samples));
  draw(element, {
    basis: [names.join(), cells.map(cell => cell.samples).join()],
    description: `Confusion matrix of ${names.length} classes. ${wrong.length === 0 ? "No mistakes."
      : `Most frequent: ${wrong.slice(0, 3).map(cell => `${cell.truth} taken for ${cell.said}, ${cell.samples} times`).join("; ")}.`}`,
    height: width => Math.min(width * 0.8, 420),
    marginLeft: Math.min(12 + 8 * max(names.map(name => name.length)), 110),
    x: { domain: names, label: null, tickSize: 0 },
    y: { domain: names, label: null, tickSize: 0 },
    marks: [
      Plot.cell(cells, {
        x: "said", y: "truth", inset: 0.5, fill: cell => cell.isRight ? "var(--loss)" : "var(--second)",
        fillOpacity: cell => shadeOf(cell.samples, most),
      }),
      Plot.text(cells.filter(cell => cell.samples > 0), {
        x: "said", y: "truth", text: "samples", fontSize: names.length > 15 ? 9 : 13,
        fill: cell => shadeOf(cell.samples, most) > 0.55 ? "var(--card)" : "var(--text)",
      }),
    ],
  });
}

/** Few samples are seen, too, beside many. */
const shadeOf = (samples, most) => samples === 0 ? 0.05 : 0.18 + 0.82 * Math.sqrt(samples / most);

const max = values => values.reduce((largest, value) => Math.max(largest, value), -Infinity);
const min = values => values.reduce((smallest, value) => Math.min(smallest, value), Infinity);

