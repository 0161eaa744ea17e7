// Errors of the service, shown beside the field that they point at.

import { ServiceProblem, key } from "./service.js";
import { find, findAll, h } from "./dom.js";
import { text } from "./numbers.js";

/** Takes away the errors that a view shows. */
export function clearProblem(view) {
  for (const shown of findAll(".error", view)) shown.remove();
  for (const field of findAll("[aria-invalid]", view)) {
    field.removeAttribute("aria-invalid");
    field.removeAttribute("aria-errormessage");
  }
}

/** Shows what went wrong: each error beside the field of its member, all else at the top of the view. */
export function showProblem(view, error) {
  clearProblem(view);
  // what is neither the service's nor the person's is a fault of this page
  if (error instanceof Error && !(error instanceof ServiceProblem)) console.error(error);
  if (error.status === 401 || error.status === 403) find("#access").hidden = false;
  const rest = [];
  for (const { pointer = "#", detail } of error.errors ?? []) {
    const member = pointer.replace(/^#\/?/, "").split("/")[0];
    const field = findAll(`[data-member~="${CSS.escape(member)}"]`, view).find(found => found.offsetParent !== null);
    if (field) beside(field, detail);
    else rest.push(detail);
  }
  const message = error.errors?.length > 0 ? rest.slice(0, 5).join("; ") : error.message;
  if (message) find(".problem", view).append(h("p", { class: "error", role: "alert" }, message));
}

/** The number in a field; where there is none, or one outside its range, says so beside the field and returns undefined. */
export function readNumber(field, low, high) {
  const written = field.value.trim();
  const value = Number(written.replace("−", "-"));
  if (written !== "" && value >= low && value <= high) return value;
  clearProblem(field.closest("[role=tabpanel]"));
  beside(field, `Expected a number from ${text(low, 1)} to ${text(high, 1)}, got "${written.slice(0, 20)}".`);
  return undefined;
}

let count = 0;

function beside(field, detail) {
  const id = `error-${++count}`;
  const place = field.closest(".field") ?? field;
  if (findAll(".error", place).length >= 3) return;
  place.append(h("p", { class: "error", role: "alert", id }, detail));
  if (field.matches("input, select, textarea")) {
    field.setAttribute("aria-invalid", "true");
    field.setAttribute("aria-errormessage", id);
  }
}

/** The field for a key. */
export function startAccess(retry) {
  const form = find("#access form");
  const field = find("#access input");
  field.value = key.get();
  form.addEventListener("submit", event => {
    event.preventDefault();
    key.set(field.value.trim());
    find("#access").hidden = true;
    retry();
  });
}
