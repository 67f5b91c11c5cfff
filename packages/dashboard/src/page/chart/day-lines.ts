import type { ChartColors } from "./colors.js";
import type { DayMark } from "./day-marks.js";
import { addUpright, MarkLayer, type PaneSize } from "./mark-layer.js";

/** Closer than this the lines would be a pattern, not marks. */
const GAP_MIN = 24;

/** Draws a line where each FX day begins, but the first: where that began is not known. */
export class DayLines extends MarkLayer<DayMark> {
  #color = "";

  setColors({ day }: Pick<ChartColors, "day">): void {
    this.#color = day;
    this.redraw();
  }

  protected override draw(context: CanvasRenderingContext2D, { width, height }: PaneSize): void {
    const xs = this.marks.slice(1).flatMap(({ time }) => this.barAt(time)?.left ?? []);
    const gap = Math.min(...xs.slice(1).map((x, at) => x - (xs[at] ?? 0)));
    if (gap < GAP_MIN) return;
    context.strokeStyle = this.#color;
    context.setLineDash([3, 3]);
    context.beginPath();
    for (const x of xs) if (x >= 0 && x <= width) addUpright(context, x, height);
    context.stroke();
  }
}
