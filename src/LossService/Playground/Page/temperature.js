// The effect of the temperature on a batch: its loss and its calibration error at several temperatures.

import { upload } from "./upload.js";
import { draw, line } from "./charts.js";
import { change, state } from "./state.js";
import { find } from "./dom.js";
import { plain, text } from "./numbers.js";

const TEMPERATURES = [0.5, 0.6, 0.75, 0.9, 1, 1.25, 1.5, 1.75, 2, 2.5, 3, 4];

let known = null;

/** Makes the slider. */
export function startTemperature(onchange) {
  const range = find("#temperature");
  range.addEventListener("input", () => {
    const value = Number(Number(range.value).toPrecision(3));
    if (value === 1) delete state.options.temperature;
    else state.options.temperature = value;
    change({ options: state.options });
    showSlider();
    onchange();
  });
}

/** Shows the curve of a batch through its loss at today's temperature. */
export async function showTemperature(loss, request, answer) {
  const data = request.parts ?? request;
  const isShown = loss.options.includes("temperature") && "logits" in data && answer.loss !== undefined && loss.labels !== "none";
  find("#temperature-card").hidden = !isShown;
  if (!isShown) return;
  showSlider();
  const { temperature = 1, ...others } = request;
  const wanted = { ...others, outputs: ["loss"] };
  const name = JSON.stringify([loss.name, { ...wanted, logits: null, labels: null }]);
  if (known?.name !== name || known.logits !== data.logits) {
    const points = [];
    // one after the other: the service is not this page's alone
    for (const value of TEMPERATURES) {
      const found = await upload(loss.name, { ...wanted, temperature: value }, () => {});
      points.push({ temperature: value, loss: Number(found.loss) });
    }
    known = { name, logits: data.logits, points };
  }
  drawCurve({ points: known.points, temperature, loss: Number(answer.loss), error: answer.metrics?.expected_calibration_error });
}

/** Shows the temperature of the state: that of an answer may be an older one. */
function showSlider() {
  const range = find("#temperature");
  range.value = state.options.temperature ?? 1;
  range.style.setProperty("--at", `${100 * (range.value - range.min) / (range.max - range.min)}%`);
  range.setAttribute("aria-valuetext", plain(range.value));
}

function drawCurve({ points, temperature, loss, error }) {
  const calibration = error === undefined ? "" : `, calibration error ${text(error, 3)}`;
  find("#temperature-told").textContent = `T = ${plain(temperature)}: loss ${text(loss)}${calibration}.`;
  const best = points.reduce((least, point) => point.loss < least.loss ? point : least);
  const highest = Math.max(...points.map(point => point.loss), loss);
  const low = Math.min(best.loss, loss) - (highest - best.loss) * 0.08;
  const isInRange = temperature >= 0.5 && temperature <= 4;
  draw(find("#temperatures"), {
    basis: [points, low, highest],
    description: `The loss of the batch at temperatures from 0.5 to 4, least near ${best.temperature}. `
      + `Now: ${plain(temperature)}, loss ${text(loss)}.`,
    x: { type: "log", domain: [0.5, 4], label: "temperature →", ticks: [0.5, 1, 2, 4], tickFormat: value => String(value) },
    y: { domain: [low, highest], label: "↑ loss", grid: true, ticks: 5 },
    marks: [line(points, "temperature", "loss", "var(--loss)", { curve: "monotone-x" })],
    points: isInRange ? [{ x: temperature, y: loss, color: "var(--loss)", bottom: low, left: 0.5 }] : [],
  });
}
