// A batch on its way: how much of it is sent, and the scores that come back.

import { accessHeaders, readScores, routeOf, ServiceProblem } from "./service.js";

const SHOWN_AFTER = 500;

/**
 * Posts a batch, as JSON or as files of NumPy.
 * @param body members of a request; or { parts }, whose other members are the options
 * @param progress told of the part sent, from 0 to 1, and of null while the service computes; only where it takes a while
 */
export function upload(loss, body, progress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const started = performance.now();
    let sent = 0;
    const timer = setInterval(() => {
      if (performance.now() - started > SHOWN_AFTER) progress(sent < 1 ? sent : null);
    }, 100);
    const end = act => {
      clearInterval(timer);
      act();
    };
    request.upload.addEventListener("progress", event => { sent = event.lengthComputable ? event.loaded / event.total : 0; });
    request.upload.addEventListener("load", () => { sent = 1; });
    request.addEventListener("load", () => end(() => {
      try {
        resolve(readScores(request.status, request.responseText));
      } catch (error) {
        reject(error);
      }
    }));
    request.addEventListener("error", () => end(() =>
      reject(new ServiceProblem(0, { detail: "The service does not answer, or refused the batch before it was whole." }))));
    request.open("POST", routeOf(loss));
    request.setRequestHeader("Accept", "application/json");
    for (const [name, value] of Object.entries(accessHeaders())) request.setRequestHeader(name, value);
    if (body.parts) {
      request.send(formOf(body));
    } else {
      request.setRequestHeader("Content-Type", "application/json");
      request.send(JSON.stringify(body));
    }
  });
}

function formOf({ parts, ...options }) {
  const form = new FormData();
  for (const [name, value] of Object.entries(options)) form.append(name, typeof value === "string" ? value : JSON.stringify(value));
  for (const [name, file] of Object.entries(parts)) form.append(name, file, `${name}.npy`);
  return form;
}

/** The numbers of a tensor that was asked for as base64: exact, and read a hundred times faster than JSON. */
export function valuesOf(tensor) {
  if (Array.isArray(tensor)) return tensor.flat(Infinity).map(Number);
  const bytes = Uint8Array.from(atob(tensor.data), character => character.charCodeAt(0));
  const types = { float32: Float32Array, float64: Float64Array, int32: Int32Array };
  if (tensor.dtype === "int64") return Array.from(new BigInt64Array(bytes.buffer), Number);
  if (!(tensor.dtype in types)) throw new ServiceProblem(200, { detail: `The page cannot read results of ${tensor.dtype}.` });
  return new types[tensor.dtype](bytes.buffer);
}
