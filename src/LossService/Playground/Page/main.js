// The start: reads the address and the catalogue, then shows the view that the address names.

import { showBatch, startBatch } from "./batch.js";
import { showBeside, startBeside } from "./beside.js";
import { showDistributions, startDistributions } from "./distributions.js";
import { showLoss, startLoss } from "./loss.js";
import { showProblem, startAccess } from "./problems.js";
import { startRequests } from "./request.js";
import { showSample, startSample } from "./sample.js";
import { change, readAddress, state } from "./state.js";
import { find, findAll } from "./dom.js";

/** Each view: what shows it, and whether it has the panel of the loss. */
const VIEWS = {
  sample: { show: showSample, hasLoss: true },
  beside: { show: showBeside },
  distributions: { show: showDistributions },
  batch: { show: showBatch, hasLoss: true },
};

const tabs = findAll("#tabs [role=tab]");

async function show() {
  const { show: showView, hasLoss } = VIEWS[state.view];
  for (const tab of tabs) {
    const isShown = tab.value === state.view;
    tab.setAttribute("aria-selected", isShown);
    tab.tabIndex = isShown ? 0 : -1;
    find(`#${tab.value}`).hidden = !isShown;
  }
  find("#loss-panel").hidden = !hasLoss;
  find(`#${state.view} .loss-place`)?.append(find("#loss-panel"));
  try {
    await (hasLoss ? showLoss(redraw) : showView());
  } catch (error) {
    showProblem(find(`#${state.view}`), error);
  }
}

/** Draws the view again, after an option, a unit or a loss has changed. */
const redraw = () => VIEWS[state.view].show();

function startTabs() {
  const choose = tab => {
    change({ view: tab.value });
    tab.focus();
    show();
  };
  tabs.forEach((tab, index) => {
    tab.addEventListener("click", () => choose(tab));
    tab.addEventListener("keydown", event => {
      const next = { ArrowRight: index + 1, ArrowLeft: index - 1, Home: 0, End: tabs.length - 1 }[event.key];
      if (next === undefined) return;
      event.preventDefault();
      choose(tabs.at(next % tabs.length));
    });
  });
}

async function start() {
  readAddress();
  startTabs();
  startRequests();
  startAccess(show);
  startSample();
  try {
    await startLoss(redraw);
  } catch (error) {
    showProblem(document.body, error);
    return;
  }
  startBeside();
  startDistributions();
  startBatch();
  addEventListener("hashchange", () => {
    if (location.hash === "#main") return;
    readAddress();
    show();
  });
  await show();
}

start();
