// The samples with the largest losses, and how much of the whole they are.

import { upload } from "./upload.js";
import { writeNpy } from "./npy.js";
import { find, h } from "./dom.js";
import { percent, text } from "./numbers.js";

const SHOWN = 12;
const SIDE = 8;

/** The places of the largest losses, the largest first. */
function findWorst(losses, count) {
  const worst = [];
  losses.forEach((loss, index) => {
    if (worst.length === count && !(loss > losses[worst.at(-1)])) return;
    // the place where it belongs, by halves
    let [low, high] = [0, worst.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (losses[worst[middle]] >= loss) low = middle + 1;
      else high = middle;
    }
    worst.splice(low, 0, index);
    if (worst.length > count) worst.pop();
  });
  return worst;
}

/** Lists the worst samples. */
export function showWorst(element, result) {
  const { losses, unit } = result;
  const worst = findWorst(losses, SHOWN);
  const largest = Math.max(...worst.map(index => losses[index]).filter(Number.isFinite), 1e-9);
  element.replaceChildren(...worst.map(index => {
    const fill = h("span", { class: "fill" });
    fill.style.setProperty("--size", `${Math.min(100 * losses[index] / largest, 100)}%`);
    return h("li", {}, picture(result, index), h("div", { class: "about" },
      h("span", { class: "track", "aria-hidden": "true" }, fill),
      h("strong", {}, `${text(losses[index], 3)} ${unit}`.trim()), h("span", {}, about(result, index)),
      h("span", { class: "note" }, `sample ${index}${result.notes ? `, ${result.notes[index]}` : ""}`)));
  }));
}

/** What was true and what the model said. */
function about({ loss, labels, predictions, probabilities, classes, count }, index) {
  const label = labels?.[index];
  const nameOf = value => loss.kind === "categorical" ? classes[value] ?? String(value) : Number(value) === 1 ? "yes" : "no";
  if (!predictions) return "";
  const said = predictions[index];
  const probability = loss.kind === "categorical" ? probabilities?.[index * count + said]
    : said === 1 ? probabilities?.[index] : undefined;
  const sure = probability === undefined ? "" : ` (${percent(probability)})`;
  return `${label === undefined ? "" : `is ${nameOf(label)}, `}said ${nameOf(said)}${sure}`;
}

/** The pictures of a batch's samples that were drawn, by their places: a drag lists the same samples many times. */
const canvases = new WeakMap();

/** A picture of 8 by 8 grey levels, where the data has them. */
function picture({ pictures, labels, classes }, index) {
  if (!pictures) return null;
  if (!canvases.has(pictures)) canvases.set(pictures, new Map());
  const known = canvases.get(pictures);
  if (!known.has(index)) known.set(index, drawPicture(pictures[index], classes[labels[index]]));
  return known.get(index);
}

function drawPicture(levels, name) {
  const canvas = h("canvas", { width: SIDE, height: SIDE, role: "img", "aria-label": `handwritten ${name}` });
  const context = canvas.getContext("2d");
  const pixels = context.createImageData(SIDE, SIDE);
  [...levels].forEach((level, place) => {
    const grey = 255 - 15.9 * (level.charCodeAt(0) - 97);
    pixels.data.set([grey, grey, grey, 255], 4 * place);
  });
  context.putImageData(pixels, 0, 0);
  return canvas;
}

/** Says how much of the total the worst twentieth is: the service adds it up, with all others masked. */
export async function tellShare(loss, request, { losses, answer, unit, isMany }) {
  const told = find("#share");
  const count = Math.ceil(losses.length / 20);
  told.textContent = "";
  if (losses.length < 20 || isMany || answer.totals === undefined) return;
  const kept = new Set(findWorst(losses, count));
  const mask = Array.from(losses, (_, index) => Number(kept.has(index)));
  const body = { ...request, outputs: ["losses"], reduction: "none" };
  if ("mask" in body || "mask" in (body.parts ?? {})) return;
  if (body.parts) body.parts = { ...body.parts, mask: writeNpy(mask, answer.losses.shape, "|b1") };
  else body.mask = { dtype: "bool", shape: answer.losses.shape, data: btoa(String.fromCharCode(...mask)) };
  const worst = await upload(loss.name, body, () => {});
  told.textContent = `The ${count} worst of ${losses.length} samples hold ${text(worst.totals.loss, 3)} of the batch's ${
    text(answer.totals.loss, 3)}${unit ? ` ${unit}` : ""}${
    worst.totals.loss > answer.totals.loss / 4 ? ": a few confident mistakes dominate a batch" : ""}.`;
}
