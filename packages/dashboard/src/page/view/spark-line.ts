import { s, setAttribute } from "./dom.js";

const WIDTH = 40;
const HEIGHT = 22;
const MARGIN = 2;

/** The points of a line through the values, as an SVG polyline takes them. */
export function sparkPoints(values: readonly number[]): string {
  const low = Math.min(...values);
  const span = Math.max(...values) - low || 1;
  const step = WIDTH / Math.max(1, values.length - 1);
  const y = (value: number): number => MARGIN + (1 - (value - low) / span) * (HEIGHT - 2 * MARGIN);
  return values.map((value, at) => `${(at * step).toFixed(1)},${y(value).toFixed(1)}`).join(" ");
}

/** A small line without axes: which way a price went. */
export class SparkLine {
  readonly element: SVGSVGElement;
  readonly #line = s("polyline", { fill: "none", "stroke-width": 1.4, "stroke-linejoin": "round" });

  constructor() {
    const box = { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, width: WIDTH, height: HEIGHT, "aria-hidden": "true" };
    this.element = s("svg", { class: "spark", ...box }, this.#line);
  }

  set(values: readonly number[]): void {
    setAttribute(this.#line, "points", values.length < 2 ? "" : sparkPoints(values));
    const [first = 0] = values;
    setAttribute(this.element, "data-direction", (values.at(-1) ?? 0) < first ? "down" : "up");
  }
}
