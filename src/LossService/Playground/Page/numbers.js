// Numbers as the page writes them. What the service could not write as a number is one of its strings "NaN", "Infinity", "-Infinity".

const MINUS = "−";

/** The sign with a space on which no line breaks. */
const UNBROKEN_PERCENT = "\u00a0%";

/** A number with some significant digits: 0.4170, 12.35, 1.2e−9. */
export function text(value, digits = 4) {
  const number = Number(value);
  if (Number.isNaN(number)) return "undefined";
  if (!Number.isFinite(number)) return number > 0 ? "∞" : `${MINUS}∞`;
  if (number === 0) return "0";
  const size = Math.abs(number);
  const written = size < 1e-4 || size >= 1e6 ? number.toExponential(Math.max(digits - 3, 1))
    : size >= 10 ** (digits - 1) ? number.toFixed(0)
    : size >= 1 ? number.toPrecision(digits) : number.toFixed(digits);
  return written.replace("e+", "e").replaceAll("-", MINUS);
}

/** A signed number, always with its sign. */
export const signed = (value, digits = 3) => (Number(value) > 0 ? "+" : "") + text(value, digits);

/** A probability as a percentage: 65.9 %, 0.03 %. */
export function percent(value) {
  const shown = Number(value) * 100;
  const digits = shown === 0 || shown === 100 ? String(shown) : shown > 99.9 ? "> 99.9" : shown < 0.01 ? "< 0.01"
    : shown.toFixed(shown < 1 ? 2 : 1);
  return digits + UNBROKEN_PERCENT;
}

/** A number for a field: no more digits than a slider sets. */
export const plain = value => String(Number(Number(value).toFixed(6)));

/** The numbers from one to another, in equal steps. */
export const steps = (from, to, count) => Array.from({ length: count }, (_, index) => from + (to - from) * index / (count - 1));
