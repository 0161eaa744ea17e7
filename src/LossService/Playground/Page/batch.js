// A whole batch: data that the service ships, or a person's own; its worst samples and what the metrics say.

import { readFile } from "./service.js";
import { chosen, requestOptions, showLoss, unitName } from "./loss.js";
import { InputError, readFiles, readText } from "./batchInput.js";
import { drawConfusion, drawHistogram, drawReliability } from "./batchPictures.js";
import { showWorst, tellShare } from "./worst.js";
import { showCompare, startCompare } from "./compare.js";
import { showTemperature, startTemperature } from "./temperature.js";
import { upload, valuesOf } from "./upload.js";
import { clearProblem, showProblem } from "./problems.js";
import { showRequest } from "./request.js";
import { change, state } from "./state.js";
import { announce, atRest, drawn, find, findAll, h, newest, press } from "./dom.js";
import { percent, text } from "./numbers.js";

/** Of a batch of more bytes, the probabilities are not asked for, and it is not scored again at other temperatures. */
const MANY = 2_000_000;

const view = () => find("#batch");

const shipped = new Map();

/** The batch at hand: { members or parts, labels, classes, pictures, notes }. */
let batch = null;

/** Makes the view. */
export function startBatch() {
  for (const button of findAll("#data button")) {
    button.addEventListener("click", () => {
      change({ data: button.value });
      showLoss(showBatch);
    });
  }
  find("#form").addEventListener("change", ({ target }) => change({ form: target.value }));
  find("#own form").addEventListener("submit", event => {
    event.preventDefault();
    change({ paste: find("#paste").value });
    take(() => readText(state.paste, state.form));
  });
  find("#files").addEventListener("change", ({ target }) => takeFiles([...target.files]));
  startDrop(view());
  startCompare(() => batch);
  startTemperature(() => update({ isDragged: true }));
}

/** Shows the view as the state has it. */
export async function showBatch() {
  const isOwn = state.data === "own";
  press(findAll("#data button"), button => button.value === state.data);
  find("#own").hidden = !isOwn;
  find("#form").value = state.form;
  if (isOwn) {
    find("#paste").value ||= state.paste;
    if (batch?.isOwn) await update();
    else if (state.paste) await take(() => readText(state.paste, state.form));
    else find("#results").hidden = true;
    return;
  }
  try {
    if (!["digits", "iris"].includes(state.data)) change({ data: "digits" });
    if (!shipped.has(state.data)) shipped.set(state.data, await readFile(`data/${state.data}.json`));
    const { logits, labels, ...rest } = shipped.get(state.data);
    batch = { members: { logits, labels }, labels, ...rest };
    find("#data-source").textContent = `${rest.title}. ${rest.source}. ${rest.license}.`;
    await update();
  } catch (error) {
    showProblem(view(), error);
  }
}

/** Takes what a person brought. */
async function take(read) {
  clearProblem(view());
  try {
    const input = await read();
    const { labels } = input.members ?? {};
    batch = { isOwn: true, labels: isFlat(labels) ? labels.flat(Infinity).map(Number) : null, ...input };
    find("#data-source").textContent = "";
    await update();
  } catch (error) {
    find("#results").hidden = true;
    batch = null;
    if (error instanceof InputError) showProblem(view(), { errors: [{ pointer: "#/paste", detail: error.message }] });
    else showProblem(view(), error);
  }
}

const isFlat = labels => Array.isArray(labels) && labels.flat(Infinity).every(label => Number.isInteger(Number(label)));

async function takeFiles(files) {
  if (files.length === 0) return;
  const texts = files.filter(file => !file.name.endsWith(".npy"));
  batch = null;
  change({ data: "own", paste: "" });
  await showLoss(showBatch);
  if (texts.length === 0) take(() => readFiles(files, state.form));
  else take(async () => readText(await texts[0].text(), state.form));
}

function startDrop(zone) {
  zone.addEventListener("dragover", event => {
    event.preventDefault();
    zone.classList.add("over");
  });
  zone.addEventListener("dragleave", event => {
    if (!zone.contains(event.relatedTarget)) zone.classList.remove("over");
  });
  zone.addEventListener("drop", event => {
    event.preventDefault();
    zone.classList.remove("over");
    takeFiles([...event.dataTransfer.files]);
  });
}

/** The request: the batch as it came, with the options of the panel and the outputs that the view shows. */
function requestOf(loss) {
  const { outputs, tensor_encoding, id, ...posted } = batch.members ?? { parts: batch.parts };
  const members = { ...posted, ...requestOptions(loss) };
  // the list of the worst finds the probabilities of a sample by its place, where classes are on the last axis
  const isInRows = !isMany() && [undefined, -1].includes(members.class_axis);
  const asked = ["losses", ...isInRows ? ["probabilities"] : [], ...loss.labels === "none" ? [] : ["predictions"],
    ...loss.options.includes("bins") && loss.labels !== "none" ? ["metrics"] : []];
  return {
    ...members, tensor_encoding: "base64",
    outputs: members.reduction === "none" ? asked : ["loss", ...asked],
  };
}

const isMany = () => Object.values(batch.parts ?? {}).reduce((sum, file) => sum + file.size, 0) > MANY;

/** The newest result. */
let shown = null;

/** What a drag can do without until the hand rests: it costs a second request. */
const tellShareLater = atRest((loss, request, result) => {
  if (result === shown) tellShare(loss, request, result).catch(error => showProblem(view(), error));
});

const update = newest(async ({ isDragged = false } = {}) => {
  if (!batch) return;
  const loss = chosen;
  const request = requestOf(loss);
  find("#results").setAttribute("aria-busy", "true");
  try {
    const answer = await upload(loss.name, request, showProgress);
    clearProblem(view());
    const result = shown = resultOf(loss, answer);
    find("#results").hidden = false;
    tell(result);
    drawAll(result);
    showRequest(view(), loss.name, request, answer);
    if (isDragged) tellShareLater(loss, request, result);
    await Promise.all([
      isDragged || tellShare(loss, request, result), showCompare(),
      result.isMany ? find("#temperature-card").hidden = true : showTemperature(loss, request, answer),
    ]);
    drawn();
  } catch (error) {
    showProblem(view(), error);
  } finally {
    showProgress();
    find("#results").removeAttribute("aria-busy");
  }
});

function resultOf(loss, answer) {
  const losses = valuesOf(answer.losses);
  const probabilities = answer.probabilities ? valuesOf(answer.probabilities) : null;
  const predictions = answer.predictions ? valuesOf(answer.predictions) : null;
  const count = loss.kind !== "categorical" ? 2
    : probabilities ? probabilities.length / Math.max(losses.length, 1) : 1 + Math.max(largest(predictions), largest(batch.labels));
  const classes = batch.classes ?? Array.from({ length: Math.min(count, 1000) }, (_, index) => String(index));
  const { labels, pictures, notes } = batch;
  const unit = unitName(loss);
  return { loss, answer, losses, probabilities, predictions, count, classes, labels, pictures, notes, unit, isMany: isMany() };
}

const largest = values => (values ?? []).reduce((most, value) => Math.max(most, value), 0);

function tell({ loss, answer, losses }) {
  const facts = [
    ["loss", answer.loss === undefined ? "–" : text(answer.loss), unitName(loss)],
    ["samples", String(losses.length), ""],
    ["accuracy", answer.metrics ? percent(answer.metrics.accuracy) : "–", ""],
    ["calibration error", answer.metrics ? text(answer.metrics.expected_calibration_error, 3) : "–", ""],
  ];
  find("#facts").replaceChildren(...facts.map(([name, value, unit]) =>
    h("div", {}, h("dt", {}, name), h("dd", { "data-fact": name }, h("strong", {}, value), unit ? ` ${unit}` : ""))));
  announce(facts.map(([name, value]) => `${name} ${value}`).join(", "));
}

function drawAll(result) {
  showWorst(find("#worst"), result);
  drawHistogram(find("#histogram"), result);
  drawReliability(find("#reliability"), result);
  drawConfusion(find("#confusion"), result);
}

function showProgress(part) {
  const shown = find("#progress");
  shown.hidden = part === undefined;
  if (part === undefined) return;
  const bar = find("progress", shown);
  if (part === null) bar.removeAttribute("value");
  else bar.value = part;
  find("span", shown).textContent = part === null ? "The service computes …" : `Sent ${percent(part)}`;
}
