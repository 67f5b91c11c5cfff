import { s } from "../view/dom.js";
import type { GapReason, Stretch } from "./minutes.js";

/** Where each reason stands between top and bottom, in tenths: they differ in shape, not in colour alone. */
const SHAPES: Readonly<Record<GapReason, readonly [number, number]>> = {
  no_ticks: [0, 10],
  feed_down: [0, 10],
  market_closed: [0, 10],
};

const HEIGHT = 10;

export interface StripOptions {
  /** Minutes that the strip is long. */
  readonly minutes: number;
  /** What of it was looked at. */
  readonly from?: number;
  readonly to?: number;
}

/** A strip of time: filled where there are ticks, marked by its reason where there are none. One path a reason, however many. */
export function strip(stretches: readonly Stretch[], { minutes, from = 0, to = minutes }: StripOptions): SVGSVGElement {
  const box = { viewBox: `0 0 ${minutes} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" };
  const element = s("svg", { class: "strip", ...box });
  element.append(s("rect", { class: "strip-present", x: from, y: 0, width: to - from, height: HEIGHT }));
  for (const [reason, [top, bottom]] of Object.entries(SHAPES)) {
    const path = stretches
      .filter((stretch) => stretch.reason === reason)
      .map((stretch) => `M${stretch.from} ${top}H${stretch.to}V${bottom}H${stretch.from}Z`);
    if (path.length > 0) element.append(s("path", { class: `strip-${reason}`, d: path.join("") }));
  }
  return element;
}
