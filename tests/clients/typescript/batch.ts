import assert from "node:assert/strict";

// two rows of three logits, their classes, and what cross-entropy makes of them by its definition
export const logits = [[2.0, 1.0, 0.125], [0.25, 2.25, 0.5]];
export const labels = [0, 1];

const softmax = (row: number[]) => row.map(z => Math.exp(z) / row.reduce((sum, other) => sum + Math.exp(other), 0));

/** The mean of −log p of the true classes. */
export const loss = logits.map((row, i) => -Math.log(softmax(row)[labels[i]!]!)).reduce((a, b) => a + b) / 2;
/** (p − 1) / rows, of the first row's true class. */
export const firstGradient = (softmax(logits[0]!)[0]! - 1) / 2;

export const assertClose = (actual: unknown, expected: number) =>
  assert.ok(typeof actual === "number" && Math.abs(actual - expected) < 1e-6, `expected ${expected}, got ${actual}`);
