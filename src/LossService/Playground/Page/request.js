// The request that a view shows, as programs in several languages, to copy.

import { PROGRAMS } from "./programs.js";
import { routeOf } from "./service.js";
import { find, findAll, h, press } from "./dom.js";

/** Shows a request and its answer below a view. */
export function showRequest(view, loss, batch, answer) {
  const panel = find(".request", view);
  panel.shown = { loss, batch, answer };
  if (panel.open) write(panel);
}

/** Makes the panels; what they show is written when they are opened. */
export function startRequests() {
  for (const panel of findAll(".request")) {
    panel.language = "curl";
    const languages = Object.keys(PROGRAMS).map(name => h("button", {
      type: "button",
      onclick: () => {
        panel.language = name;
        write(panel);
      },
    }, name));
    panel.append(
      h("div", { class: "bar" }, h("div", { class: "choice", role: "group", "aria-label": "Language" }, languages),
        h("button", { type: "button", onclick: event => copy(event.target, find("pre.program", panel).textContent) }, "Copy")),
      h("pre", { class: "program", tabindex: 0, role: "region", "aria-label": "Request" }),
      h("p", { class: "note" }, "The answer:"),
      h("pre", { class: "answer", tabindex: 0, role: "region", "aria-label": "Answer" }));
    panel.addEventListener("toggle", () => write(panel));
  }
}

/** Copies a text and says so on the button. */
async function copy(button, text) {
  const label = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    // browsers copy for pages from https and localhost alone
    button.textContent = "Select the text to copy it";
  }
  setTimeout(() => { button.textContent = label; }, 1500);
}

function write(panel) {
  if (!panel.shown) return;
  const { loss, batch, answer } = panel.shown;
  press(findAll(".choice button", panel), button => button.textContent === panel.language);
  find("pre.program", panel).textContent = PROGRAMS[panel.language](routeOf(loss), batch);
  find("pre.answer", panel).textContent = shorten(JSON.stringify(answer));
}

const shorten = text => text.length > 4000 ? `${text.slice(0, 4000)} …` : text;
