// Pictures, drawn by Observable Plot.

/* global Plot */

// Plot scopes its rules to this class; they stand in style.css
const CLASS = "plot";
const MIN_WIDTH = 240;
const SVG = "http://www.w3.org/2000/svg";

/** Each element with a picture: { width, asked, picture }. */
const drawings = new Map();

/** Draws again where an element's width changes. */
const widths = new ResizeObserver(changes => {
  for (const { target, contentRect: { width } } of changes) {
    const drawing = drawings.get(target);
    // a hidden view has no width; a scroll bar that comes and goes is no change
    if (width === 0 || Math.abs(width - drawing.width) < 2) continue;
    drawing.width = width;
    paint(target, drawing);
  }
});

/**
 * Draws a picture into an element, and again where its width changes.
 * @param asked what Plot.plot takes, and
 *   description: what the picture shows, for those who do not see it;
 *   points: what the numbers beside the picture tell of, { x, y, color }, with their ways to the axes, { bottom, left };
 *   basis: all that the rest depends on. While it stays, only the points are drawn again, since a drag has many of them.
 */
export function draw(element, asked) {
  const drawing = drawings.get(element) ?? start(element);
  const { basis } = drawing.asked ?? {};
  drawing.asked = asked;
  if (basis && asked.basis.every((value, index) => value === basis[index])) drawPoints(drawing);
  else paint(element, drawing);
}

function start(element) {
  const drawing = { width: element.clientWidth };
  drawings.set(element, drawing);
  widths.observe(element);
  return drawing;
}

function paint(element, drawing) {
  const { description, points, basis, height, ...options } = drawing.asked;
  const width = Math.max(Math.floor(drawing.width), MIN_WIDTH);
  const picture = Plot.plot({
    width,
    height: height ? height(width) : Math.round(Math.min(Math.max(width * 0.62, 220), 330)),
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
  drawing.picture = picture;
  drawing.marked = picture.appendChild(svg("g", {}));
  drawPoints(drawing);
  element.replaceChildren(picture);
}

function drawPoints({ picture, marked, asked: { description, points = [] } }) {
  const [x, y] = [picture.scale("x"), picture.scale("y")];
  picture.setAttribute("aria-label", description);
  marked.replaceChildren(...points.filter(point => Number.isFinite(point.y)).flatMap(point => {
    const [across, up] = [x.apply(point.x), y.apply(point.y)];
    return [
      svg("path", {
        d: `M${across},${y.apply(point.bottom)}V${up}H${x.apply(point.left)}`,
        fill: "none", stroke: point.color, "stroke-dasharray": "3,3", "stroke-opacity": 0.7,
      }),
      svg("circle", { cx: across, cy: up, r: 6.5, fill: point.color, stroke: "var(--card)", "stroke-width": 2 }),
    ];
  }));
}

function svg(tag, attributes) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

/** A line along points, with its name at no place: the caption names it. */
export const line = (points, x, y, color, options = {}) =>
  Plot.line(points, { x, y, stroke: color, strokeWidth: 2.5, clip: true, ...options });

/** The top of an axis on which a value has its place: one of a few, so that the axis stays for most steps of a drag. */
export function topFor(value, usual) {
  let top = usual;
  while (top < value) top *= 1.25;
  return top;
}
