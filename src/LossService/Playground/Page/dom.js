// Elements of the page.

/** Makes an element: h("p", { class: "note" }, "text", child). Handlers are given as onclick and so on; style is never given. */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter(child => child !== null && child !== undefined));
  return element;
}

export const find = (selector, root = document) => root.querySelector(selector);

export const findAll = (selector, root = document) => [...root.querySelectorAll(selector)];

let runs = 0;

/** Counts what runs; the body is marked as busy meanwhile, so that tests know when a drag has come to its end. */
function count(change) {
  runs += change;
  document.body.toggleAttribute("data-busy", runs > 0);
}

/** Runs one call at a time; while it runs, only the newest of the further calls waits. */
export function newest(run) {
  let isRunning = false;
  let waiting = null;
  return async function start(...values) {
    if (isRunning) {
      waiting = values;
      return;
    }
    isRunning = true;
    count(1);
    try {
      await run(...values);
    } finally {
      isRunning = false;
      count(-1);
      if (waiting) {
        const next = waiting;
        waiting = null;
        start(...next);
      }
    }
  };
}

/** Runs the newest of several calls when no further one has come for a while. */
export function atRest(run) {
  let timer = 0;
  return (...values) => {
    clearTimeout(timer);
    timer = setTimeout(run, 150, ...values);
  };
}

/** Shows one of a group of buttons as pressed. */
export function press(buttons, isPressed) {
  for (const button of buttons) button.setAttribute("aria-pressed", isPressed(button));
}

/** Says a sentence to screen readers, at most once a second, since a drag has many. */
export const announce = (() => {
  let timer = 0;
  return text => {
    clearTimeout(timer);
    timer = setTimeout(() => { find("#announcer").textContent = text; }, 1000);
  };
})();

/** Says that a view has drawn what it was asked for: tests and measurements wait for it. */
export function drawn() {
  performance.mark("drawn");
  document.body.dataset.drawn = Number(document.body.dataset.drawn ?? 0) + 1;
}
