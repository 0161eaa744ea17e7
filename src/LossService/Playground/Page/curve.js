// The curve of a loss through the sample: what it would be at every other score of one class.

import { score } from "./service.js";
import { unitName } from "./loss.js";
import { draw, line, topFor } from "./charts.js";
import { find } from "./dom.js";
import { NAMES, SCORE_LIMIT, state } from "./state.js";
import { percent, steps, text } from "./numbers.js";

/* global Plot */

const POINTS = 161;
const REACH = 18;
const USUAL_HEIGHT = 4.6;

let known = null;

/**
 * Asks for the losses along the curve: the batch's one row, again and again, with other scores of one class. The curve that was asked
 * for last is not asked for again: a drag of that one class moves along it.
 */
export async function sweepOf(loss, batch) {
  const moved = movedOf(loss);
  const rows = steps(-REACH, REACH, POINTS).map(value => batch.logits[0].map((own, index) => index === moved ? value : own));
  const labels = batch.labels ? { labels: rows.map(() => batch.labels[0]) } : {};
  const request = { ...batch, ...labels, logits: rows, reduction: "none", outputs: ["losses", "probabilities"] };
  const wanted = JSON.stringify([loss.name, moved, request]);
  if (known?.wanted === wanted) return known.sweep;
  const answer = await score(loss.name, request);
  const points = rows.map((row, index) => ({
    score: row[moved],
    probability: Number(answer.probabilities[index][moved]),
    loss: Number(loss.kind === "categorical" ? answer.losses[index] : answer.losses[index][moved]),
  }));
  known = { wanted, sweep: { moved, points: points.filter(point => Number.isFinite(point.loss)) } };
  return known.sweep;
}

/** Draws it, with the sample on it. */
export function drawCurve(element, { loss, batch, answer, sweep }) {
  const { moved, points } = sweep;
  // a loss of scores alone is a curve of scores; the others say most as curves of the probability
  const x = loss.predictions.length === 1 && loss.predictions[0] === "logits" ? "score" : "probability";
  const here = {
    score: batch.logits[0][moved],
    probability: Number(answer.probabilities[0][moved]),
    loss: Number(loss.kind === "categorical" ? answer.loss : answer.losses[0][moved]),
  };
  const top = Math.max(...points.map(point => point.loss));
  const bottom = Math.min(0, ...points.map(point => point.loss));
  const high = Math.max(Math.min(top, topFor(here.loss * 1.2, USUAL_HEIGHT)) * 1.04, bottom + 0.1);
  const from = x === "score" ? -SCORE_LIMIT : 0;
  draw(element, {
    basis: [sweep, x, high],
    description: `The loss against the ${x} of ${NAMES[moved]}. The sample is at ${text(here[x], 3)}, loss ${text(here.loss)}.`,
    x: {
      domain: [from, x === "score" ? SCORE_LIMIT : 1], label: `${x} of ${NAMES[moved]} →`, ticks: 5,
      tickFormat: x === "score" ? undefined : "%",
    },
    y: { domain: [bottom, high], label: `↑ loss${unitName(loss) ? `, ${unitName(loss)}` : ""}`, ticks: 5, grid: true },
    marks: [
      Plot.ruleY([0], { stroke: "var(--line-strong)" }),
      line(points, x, "loss", "var(--loss)"),
    ],
    points: [{ x: here[x], y: here.loss, color: "var(--loss)", bottom, left: from }],
  });
  const isLogarithm = loss.name === "cross_entropy" && Object.keys(state.options).length === 0;
  find("#curve-title").textContent = isLogarithm ? "The curve −log p" : "The loss at every answer";
  find("#curve-caption").textContent = isLogarithm
    ? `At ${percent(here.probability)} the loss is ${text(here.loss, 3)}. Towards 100 % it falls to 0, towards 0 % it grows without bound.`
    : `The loss at every ${x} of ${NAMES[moved]}, the other scores staying as they are.`;
}

function movedOf(loss) {
  return loss.kind === "categorical" && loss.labels !== "none" ? state.truth.indexOf(1) : state.moved;
}
