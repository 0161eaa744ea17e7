// What the page shows. It stands in the address behind "#", so that an address can be shared; it is not sent to the service.

export const NAMES = ["cat", "dog", "bird"];
export const SCORE_LIMIT = 8;

const OPTION = "option.";

const number = (limitLow, limitHigh) => ({
  read: written => {
    const value = Number(written);
    return written !== "" && Number.isFinite(value) ? Math.min(Math.max(value, limitLow), limitHigh) : undefined;
  },
  write: value => String(Number(value.toFixed(4))),
});

const list = (item, count) => ({
  read: written => {
    const items = written.split(",").map(item.read);
    return items.length === count && !items.includes(undefined) ? items : undefined;
  },
  write: items => items.map(item.write).join(","),
});

const word = { read: written => /^[a-z0-9_]{1,60}$/.test(written) ? written : undefined, write: value => value };

const words = {
  read: written => {
    const items = written.split(",").filter(item => word.read(item));
    return items.length > 0 ? items : undefined;
  },
  write: items => items.join(","),
};

const oneOf = (...allowed) => ({ read: written => allowed.includes(written) ? written : undefined, write: value => value });

const bits = {
  read: written => /^[01]{3}$/.test(written) ? [...written].map(Number) : undefined,
  write: values => values.join(""),
};

const free = { read: written => written.length <= 4000 ? written : undefined, write: value => value.length <= 4000 ? value : "" };

/** Bars that can be drawn: they add up to 1, as nearly as the address writes them. */
const shares = {
  ...list(number(0, 1), 3),
  read: written => {
    const items = list(number(0, 1), 3).read(written);
    return items && Math.abs(items.reduce((sum, item) => sum + item) - 1) < 0.01 ? items : undefined;
  },
};

const score = number(-SCORE_LIMIT, SCORE_LIMIT);

/** Each part of the state: how it is written, and what it is where the address does not say. */
const PARTS = {
  view: [oneOf("sample", "beside", "distributions", "batch"), "sample"],
  loss: [word, "cross_entropy"],
  unit: [oneOf("nats", "bits"), "nats"],
  scores: [list(score, 3), [2, 1, 0.1]],
  truth: [bits, [1, 0, 0]],
  moved: [number(0, 2), 0],
  z: [score, -4],
  label: [oneOf("0", "1"), "1"],
  first: [word, "binary_cross_entropy"],
  second: [word, "binary_brier"],
  p: [shares, [0.7, 0.2, 0.1]],
  q: [shares, [0.3, 0.5, 0.2]],
  data: [word, "digits"],
  form: [oneOf("logits", "probabilities", "log_probabilities"), "logits"],
  paste: [free, ""],
  compare: [words, []],
};

/** The parts of the state, and the options of the loss as members of a request. */
export const state = { options: {} };

/** Reads the state from the address; what cannot be read keeps its default. */
export function readAddress() {
  const written = new URLSearchParams(location.hash.slice(1));
  for (const [name, [form, initial]] of Object.entries(PARTS)) {
    state[name] = (written.has(name) ? form.read(written.get(name)) : undefined) ?? structuredClone(initial);
  }
  state.options = {};
  for (const [name, value] of written) if (name.startsWith(OPTION)) readOption(name.slice(OPTION.length), value);
}

/** Writes the state to the address; only what differs from the defaults. */
function writeAddress() {
  const written = new URLSearchParams();
  for (const [name, [form, initial]] of Object.entries(PARTS)) {
    const value = form.write(state[name]);
    if (value !== form.write(initial)) written.set(name, value);
  }
  for (const [name, value] of Object.entries(state.options)) written.set(OPTION + name, JSON.stringify(value));
  const hash = written.toString().replaceAll("%2C", ",");
  history.replaceState(null, "", hash ? `#${hash}` : location.pathname + location.search);
}

/** Changes a part of the state. */
export function change(changes) {
  Object.assign(state, changes);
  scheduleAddress();
}

let timer = 0;

// a browser refuses an address that changes with each step of a drag
function scheduleAddress() {
  clearTimeout(timer);
  timer = setTimeout(writeAddress, 250);
}

function readOption(name, value) {
  try {
    state.options[name] = JSON.parse(value);
  } catch {
    // no JSON, so no option that this page wrote
  }
}
