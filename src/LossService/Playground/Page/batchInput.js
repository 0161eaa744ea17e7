// What a person brings as a batch: JSON, lines of JSON, a table with commas, files of NumPy. Each becomes one request.

import { readValues, writeNpy } from "./npy.js";

/** A table of more numbers than this is sent as files of NumPy, which are smaller and read faster than JSON. */
const MANY = 50_000;

/** An input that is no batch, with the words for the person. */
export class InputError extends Error {}

/**
 * Reads a pasted text.
 * @param form what the numbers of a table are: logits, probabilities or log_probabilities
 * @returns { members or parts, classes }: the members of one request, and the names of the classes where the text has them
 */
export function readText(text, form) {
  const trimmed = text.trim();
  if (trimmed === "") throw new InputError("Paste a batch first.");
  if (!trimmed.startsWith("{")) return readTable(trimmed, form);
  try {
    return { members: batchOf(JSON.parse(trimmed)) };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { members: joinLines(trimmed) };
  }
}

function batchOf(value) {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  throw new InputError("A batch is an object, as in {\"logits\": …, \"labels\": …}.");
}

/** Lines of JSON: their tensors one after the other; all else must be the same in each. */
function joinLines(text) {
  const lines = text.split(/\r?\n/).map(line => line.trim());
  const joined = {};
  lines.forEach((line, index) => {
    if (line === "") return;
    let batch;
    try {
      batch = batchOf(JSON.parse(line));
    } catch (error) {
      throw new InputError(`Line ${index + 1} is no JSON: ${error.message}`);
    }
    for (const [name, value] of Object.entries(batch)) {
      if (!Array.isArray(value)) joined[name] = value;
      else joined[name] = [...joined[name] ?? [], ...value];
    }
  });
  return joined;
}

/** A table: a column for each class and one of labels, which is the last or is called label; a first line of names may lead. */
function readTable(text, form) {
  const separator = text.includes("\t") ? "\t" : text.includes(";") ? ";" : ",";
  const rows = text.split(/\r?\n/).filter(line => line.trim() !== "").map(line => line.split(separator).map(cell => cell.trim()));
  const width = rows[0].length;
  if (width < 2) throw new InputError("This is neither JSON nor a table: a table has a column for each class and one of labels.");
  const uneven = rows.findIndex(row => row.length !== width);
  if (uneven >= 0) throw new InputError(`Row ${uneven + 1} has ${rows[uneven].length} cells; the first has ${width}.`);
  const names = rows[0].slice(0, -1).some(isNumber) ? null : rows.shift();
  if (rows.length === 0) throw new InputError("The table has a line of names, and no rows.");
  const labelColumn = Math.max(names?.findIndex(name => /^(label|labels|y|class|target)$/i.test(name)) ?? -1, -1);
  const at = labelColumn >= 0 ? labelColumn : width - 1;
  const classes = names?.filter((_, column) => column !== at) ?? null;
  const isBinary = width === 2;
  const predictions = rows.map((row, index) => {
    const values = row.filter((_, column) => column !== at).map((cell, column) => numberOf(cell, index, column));
    return isBinary ? values[0] : values;
  });
  const labels = rows.map((row, index) => labelOf(row[at], classes, index));
  const named = isBinary ? null : classes;
  if (rows.length * width < MANY) return { members: { [form]: predictions, labels }, classes: named };
  const shape = isBinary ? [rows.length] : [rows.length, width - 1];
  const parts = { [form]: writeNpy(predictions.flat().map(Number), shape, "<f4"), labels: writeNpy(labels, [rows.length], "<i8") };
  return { parts, labels, classes: named };
}

const isNumber = cell => cell !== "" && !Number.isNaN(Number(cell.replace(/^[-+]?inf(inity)?$/i, "0").replace(/^nan$/i, "0")));

function numberOf(cell, row, column) {
  if (!isNumber(cell)) throw new InputError(`Row ${row + 1}, column ${column + 1}: "${cell.slice(0, 40)}" is no number.`);
  if (/nan/i.test(cell)) return "NaN";
  if (/inf/i.test(cell)) return cell.startsWith("-") ? "-Infinity" : "Infinity";
  return Number(cell);
}

/** A label: a class's index or its name. What is neither goes to the service as it is, which says so. */
function labelOf(cell, classes, row) {
  const named = classes?.indexOf(cell) ?? -1;
  if (named >= 0) return named;
  if (isNumber(cell)) return Number(cell);
  throw new InputError(`Row ${row + 1}: the label "${cell.slice(0, 40)}" is neither a number nor the name of a column.`);
}

/** Files of NumPy: which of them holds what is told by their names, or by their dtype. */
export async function readFiles(files, form) {
  const parts = {};
  let labels = null;
  for (const file of files) {
    const member = memberOf(file.name, form, files.length, parts);
    parts[member] = file;
    // labels are read here, too, since the tables show them
    if (member === "labels") labels = readValues(await file.arrayBuffer());
  }
  if (!Object.keys(parts).some(name => name !== "labels")) throw new InputError("There are labels, but no predictions.");
  return { parts, labels };
}

function memberOf(name, form, count, taken) {
  const stem = name.toLowerCase().replace(/\.npy$/, "");
  const known = ["log_probabilities", "probabilities", "logits", "sample_weight", "mask", "labels"].find(member => stem.includes(member));
  if (known) return known;
  if (/label|target|(^|_)y($|_)|true/.test(stem)) return "labels";
  return form in taken ? "labels" : form;
}
