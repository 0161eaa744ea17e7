// The options of a loss as sliders and fields, made from its JSON Schema.

import { NAMES } from "./state.js";
import { plain } from "./numbers.js";
import { h } from "./dom.js";

/**
 * Makes the controls of all options that apply to a form of predictions.
 * @param values the options that are set, by name; the controls change it
 * @param perClass whether a list with a number for each class has a slider for each, as for the three classes of one sample
 */
export function optionControls(schema, values, form, perClass, onchange) {
  const controls = Object.entries(schema.properties ?? {})
    .filter(([, option]) => !isForOther(option, form))
    .map(([name, option]) => ({ isMinor: isMinor(option), element: control(name, flatten(option), { values, perClass, onchange }) }));
  const minor = controls.filter(made => made.isMinor).map(made => made.element);
  return [
    ...controls.filter(made => !made.isMinor).map(made => made.element),
    minor.length > 0 ? h("details", { class: "more" }, h("summary", {}, "More options"), minor) : null,
  ].filter(Boolean);
}

/** An option that needs another form of predictions; the service says so in its description. */
function isForOther({ description = "" }, form) {
  const needed = /Only with ([a-z_]+)\./.exec(description)?.[1];
  return needed !== undefined && needed !== form && ["logits", "probabilities", "log_probabilities"].includes(needed);
}

/** What does not change the loss of one sample, or is rarely set. */
const isMinor = ({ description = "", type = [], minimum = 0 }) =>
  /\b(metrics|label_logits|sparse)\b/.test(description) || type.includes("boolean")
  // lists of places, and places from the end
  || (type.includes("integer") && (type.includes("array") || minimum < 0));

/** A schema with the parts of its oneOf. */
function flatten(schema) {
  const parts = [schema, ...schema.oneOf ?? []];
  const types = new Set(parts.flatMap(part => part.type ?? []));
  return {
    description: schema.description ?? "",
    initial: schema.default,
    words: parts.flatMap(part => part.enum ?? []).filter(value => typeof value === "string"),
    isNumber: types.has("number") || types.has("integer"),
    isWhole: types.has("integer"),
    isBoolean: types.has("boolean"),
    isList: types.has("array"),
    isListOfWhole: parts.some(part => part.items?.type === "integer"),
    low: Math.max(...parts.map(part => part.minimum ?? part.items?.minimum ?? -Infinity)),
    high: Math.min(...parts.map(part => part.maximum ?? Infinity)),
  };
}

function control(name, option, context) {
  const { values, onchange } = context;
  const set = value => {
    if (value === undefined || value === option.initial) delete values[name];
    else values[name] = value;
    onchange();
  };
  const current = values[name];
  const inputs = option.isBoolean ? checkbox(name, current ?? option.initial, set)
    : option.words.length > 0 && !option.isNumber ? choice(name, option, current, set)
    : option.isList && !option.isNumber && !option.isListOfWhole && context.perClass ? classSliders(name, option, current, set)
    : option.isNumber && !option.isListOfWhole ? slider(name, name, option, current, set)
    : textField(name, current, set);
  return h("div", { class: "field option", "data-member": name },
    h("div", { class: "option-name" }, h("code", {}, name), h("span", { class: "note" }, option.description.split(/(?<=\.) /)[0])), inputs);
}

function checkbox(name, isOn, set) {
  const input = h("input", { type: "checkbox", "aria-label": name, onchange: () => set(input.checked) });
  input.checked = isOn === true;
  return input;
}

function choice(name, { words, initial }, current, set) {
  const select = h("select", { "aria-label": name, onchange: () => set(select.value) }, words.map(value => h("option", { value }, value)));
  select.value = current ?? initial ?? words[0];
  return select;
}

function textField(name, current, set) {
  const field = h("input", {
    type: "text", "aria-label": name, placeholder: "1, 2, …", value: current === undefined ? "" : [current].flat().join(", "),
    onchange: () => set(parseList(field.value)),
  });
  return field;
}

function classSliders(name, option, current, set) {
  // a weight multiplies; what can be negative is added
  const neutral = option.low < 0 ? 0 : 1;
  const numbers = NAMES.map((_, index) => current?.[index] ?? neutral);
  return NAMES.map((label, index) => slider(name, `${name} of ${label}`, { ...option, initial: neutral }, numbers[index], value => {
    numbers[index] = value ?? neutral;
    set(numbers.every(number => number === neutral) ? undefined : [...numbers]);
  }, label));
}

/** A slider, and beside it a field for a number or a word that the slider cannot reach. */
function slider(name, label, option, current, set, shown) {
  const scale = scaleOf(option);
  const range = h("input", { type: "range", min: scale.from, max: scale.to, step: scale.step, "aria-label": label });
  const field = h("input", { type: "text", inputmode: "decimal", size: 6, "aria-label": `${label}, as a number` });
  const show = value => {
    const number = Number(value);
    field.value = Number.isFinite(number) ? plain(number) : String(value);
    if (Number.isFinite(number)) range.value = scale.toSlider(number);
    range.style.setProperty("--at", `${100 * (range.value - scale.from) / (scale.to - scale.from)}%`);
    range.setAttribute("aria-valuetext", field.value);
  };
  range.addEventListener("input", () => {
    const value = scale.fromSlider(Number(range.value));
    show(value);
    set(value);
  });
  field.addEventListener("change", () => {
    const value = parseValue(field.value);
    show(value ?? option.initial ?? 1);
    set(value);
  });
  show(current ?? option.initial ?? 1);
  const words = option.words.map(word => h("button", { type: "button", onclick: () => { field.value = word; set(word); } }, word));
  return h("div", { class: "slider" }, shown ? h("span", { class: "slider-name" }, shown) : null, range, field, words);
}

/** From where to where a slider goes: all values where these are few, otherwise those around the default. */
function scaleOf({ low, high, initial = 1, isWhole }) {
  const same = value => value;
  const rounded = value => Number(value.toPrecision(3));
  if (low > 0 && initial / low > 1e3) {
    const middle = Math.log10(initial);
    return { from: middle - 1, to: middle + 1, step: 0.01, toSlider: Math.log10, fromSlider: value => rounded(10 ** value) };
  }
  if (high - low <= 20) {
    return { from: low, to: high, step: isWhole ? 1 : (high - low) / 200, toSlider: same, fromSlider: rounded };
  }
  const to = Math.min(high, isWhole ? Math.max(4 * initial, 10) : Math.max(4 * initial, 5));
  return { from: Math.max(low, -to), to, step: isWhole ? 1 : to / 200, toSlider: same, fromSlider: rounded };
}

/** A number where the text is one, otherwise the text itself: the service says what is wrong with it. */
function parseValue(text) {
  const trimmed = text.trim();
  if (trimmed === "") return undefined;
  return Number.isFinite(Number(trimmed)) ? Number(trimmed) : trimmed;
}

function parseList(text) {
  const items = text.split(/[\s,;]+/).filter(Boolean).map(parseValue);
  return items.length === 0 ? undefined : items;
}
