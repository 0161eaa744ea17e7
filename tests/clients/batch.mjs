// One batch for every client: three rows of three logits, their classes, and what cross-entropy makes of them by its definition.

export const logits = [2.0, 1.0, 0.125, 0.25, 2.25, 0.5, 1.5, -0.5, 0.25];
export const labels = [0, 1, 2];
export const shape = [3, 3];

const rows = [0, 1, 2].map(i => logits.slice(3 * i, 3 * i + 3));
const softmax = row => {
  const terms = row.map(Math.exp);
  const sum = terms.reduce((a, b) => a + b);
  return terms.map(term => term / sum);
};

/** −log p of the true class, for each row. */
export const losses = rows.map((row, i) => -Math.log(softmax(row)[labels[i]]));
/** Their mean. */
export const loss = losses.reduce((a, b) => a + b) / losses.length;
/** (p − y) / rows. */
export const gradient = rows.flatMap((row, i) => softmax(row).map((p, c) => (p - (c === labels[i] ? 1 : 0)) / rows.length));

/** Bytes of numbers, little-endian. */
export const bytesOf = (numbers, size, write) => {
  const bytes = Buffer.alloc(numbers.length * size);
  numbers.forEach((number, i) => bytes[write](number, i * size));
  return bytes;
};

/** Numbers of bytes. */
export const numbersOf = (bytes, size, read) =>
  Array.from({ length: bytes.length / size }, (_, i) => bytes[read](i * size));

/** Whether every number is within a relative 1e-6 of what it should be. */
export const areClose = (actual, expected) =>
  actual.length === expected.length && actual.every((a, i) => Math.abs(a - expected[i]) <= 1e-6 * Math.max(1e-3, Math.abs(expected[i])));
