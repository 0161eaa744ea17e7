// Pictures, drawn by Observable Plot.

/* global Plot */

// Plot scopes its rules to this class; they stand in style.css
const CLASS = "plot";

/**
 * Draws a picture into an element.
 * @param options what Plot.plot takes, and description: what the picture shows, for those who do not see it
 */
export function draw(element, { description, ...options }) {
  const width = Math.max(Math.floor(element.clientWidth), 240);
  const picture = Plot.plot({
    width,
    height: Math.round(Math.min(Math.max(width * 0.62, 220), 330)),
    marginTop: 26,
    marginRight: 26,
    marginBottom: 42,
    marginLeft: 54,
    className: CLASS,
    style: "font: inherit",
    ...options,
  });
  // Plot puts its rules into an element that the Content-Security-Policy refuses
  for (const style of picture.querySelectorAll("style")) style.remove();
  // and names its parts by their kinds, which say nothing: the description tells what they show
  for (const part of picture.querySelectorAll("[aria-label]")) part.removeAttribute("aria-label");
  picture.setAttribute("role", "img");
  picture.setAttribute("aria-label", description);
  element.replaceChildren(picture);
}

/** A line along points, with its name at no place: the caption names it. */
export const line = (points, x, y, color, options = {}) =>
  Plot.line(points, { x, y, stroke: color, strokeWidth: 2.5, clip: true, ...options });

/** The point that the numbers beside the picture tell of, with its ways to both axes. */
export const marked = (x, y, color, { bottom = 0, left = 0 } = {}) => [
  Plot.link([0], { x1: x, x2: x, y1: bottom, y2: y, stroke: color, strokeDasharray: "3,3", strokeOpacity: 0.7 }),
  Plot.link([0], { x1: left, x2: x, y1: y, y2: y, stroke: color, strokeDasharray: "3,3", strokeOpacity: 0.7 }),
  Plot.dot([0], { x: [x], y: [y], r: 6.5, fill: color, stroke: "var(--card)", strokeWidth: 2 }),
];

/** Draws again where an element's width changes. */
export function onWidth(element, redraw) {
  let width = element.clientWidth;
  new ResizeObserver(() => {
    if (Math.abs(element.clientWidth - width) < 2) return;
    width = element.clientWidth;
    redraw();
  }).observe(element);
}
