import { s } from "../view/dom.js";
import { GAP_REASONS, type Stretch } from "./minutes.js";

/** What a strip is high in its own units. */
const HEIGHT = 10;

export interface StripSize {
  /** Minutes that the strip is long. */
  readonly minutes: number;
  /** What of it was looked at. */
  readonly from?: number;
  readonly to?: number;
}

/**
 * A strip of time: filled where there are ticks, marked by its reason where there are none. Reasons differ in height, not in
 * colour alone, and each is one path, however many its gaps are.
 */
export function strip(stretches: readonly Stretch[], { minutes, from = 0, to = minutes }: StripSize): SVGSVGElement {
  const box = { viewBox: `0 0 ${minutes} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" };
  const element = s("svg", { class: "strip", ...box });
  element.append(s("rect", { class: "strip-present", x: from, y: 0, width: to - from, height: HEIGHT }));
  for (const reason of GAP_REASONS) {
    const ofReason = stretches.filter((stretch) => stretch.reason === reason);
    if (ofReason.length === 0) continue;
    const area = (top: number, bottom: number): string =>
      ofReason.map((gap) => `M${gap.from} ${top}H${gap.to}V${bottom}H${gap.from}Z`).join("");
    const [top, bottom] = MARKS[reason];
    element.append(s("path", { class: "strip-empty", d: area(0, HEIGHT) }));
    element.append(s("path", { class: `strip-${reason}`, d: area(top, bottom) }));
  }
  return element;
}

/** From where to where each reason is marked. */
const MARKS = { no_ticks: [5, HEIGHT], feed_down: [0, HEIGHT], market_closed: [4.5, 5.5] } as const;
