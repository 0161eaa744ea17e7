// The service's routes. Addresses are relative to the page, so that they hold behind a path prefix, too.

const STORED_KEY = "lossservice.key";

/** What the service answers in place of scores (RFC 9457). */
export class ServiceProblem extends Error {
  constructor(status, problem) {
    super(problem.detail ?? problem.title ?? `The service answered ${status}.`);
    this.status = status;
    this.errors = problem.errors ?? [];
  }
}

/** The key or token for a service that asks for one; it lasts as long as the browser's tab. */
export const key = {
  get: () => sessionStorage.getItem(STORED_KEY) ?? "",
  set: text => text ? sessionStorage.setItem(STORED_KEY, text) : sessionStorage.removeItem(STORED_KEY),
};

const address = path => new URL(path, document.baseURI).href;

export const routeOf = loss => address(`v1/losses/${encodeURIComponent(loss)}`);

/** The catalogue: all losses in short. */
export const readLosses = async () => (await readJson("v1/losses")).losses;

const pages = new Map();

/** A loss in full, with the schema of its options. */
export function readLoss(name) {
  if (!pages.has(name)) pages.set(name, readJson(`v1/losses/${encodeURIComponent(name)}`));
  return pages.get(name);
}

/** A file of the playground's own. */
export const readFile = path => readJson(`playground/${path}`);

/** Scores one batch by one loss. */
export const score = (loss, batch) => post(routeOf(loss), batch);

/**
 * Scores one batch by several losses, in one request.
 * @param entries name of the result → { loss, options }
 * @returns name of the result → scores
 */
export async function scoreAll(entries, batch) {
  if (Object.keys(entries).length === 0) return {};
  const losses = Object.fromEntries(Object.entries(entries).map(([name, { loss, options }]) => [name, { loss, ...options }]));
  return (await post(address("v1/losses"), { ...batch, losses })).losses;
}

export const accessHeaders = () => key.get() ? { Authorization: `Bearer ${key.get()}` } : {};

/** The scores of a whole answer; throws its problem where it has one. */
export function readScores(status, text) {
  let answer;
  try {
    answer = JSON.parse(text);
  } catch {
    throw new ServiceProblem(status, { detail: `The service answered ${status}, and not in JSON.` });
  }
  if (status !== 200) throw new ServiceProblem(status, answer);
  return answer;
}

async function post(url, body) {
  const response = await send(url, {
    method: "POST",
    headers: { ...accessHeaders(), "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  return readScores(response.status, await response.text());
}

async function send(url, request) {
  try {
    return await fetch(url, request);
  } catch {
    throw new ServiceProblem(0, { detail: "The service does not answer. Is it still running?" });
  }
}

async function readJson(path) {
  const response = await send(address(path), { headers: { Accept: "application/json" } });
  return readScores(response.status, await response.text());
}
