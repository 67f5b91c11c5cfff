import type { Break } from "../bars/breaks.js";
import type { ChartColors } from "./colors.js";
import { addUpright, MarkLayer, type PaneSize } from "./mark-layer.js";

/** A break as it lies on the screen, in pixels. */
export interface PlacedBreak {
  readonly left: number;
  readonly right: number;
  readonly text: string;
}

type Colors = Pick<ChartColors, "hatch" | "closed">;

/** Between the lines of a hatch. */
const HATCH_STEP = 7;

/** Hatches outages and draws a thin line where the market was closed. */
export class BreakMarks extends MarkLayer<Break> {
  #colors: Colors = { hatch: "", closed: "" };

  /** @param onDrawn called with each drawing of the chart, with the size of its pane */
  constructor(private readonly onDrawn: (width: number, height: number) => void) {
    super();
  }

  setColors(colors: Colors): void {
    this.#colors = colors;
    this.redraw();
  }

  /** The breaks within a pane of that width. */
  placed(width: number): readonly PlacedBreak[] {
    return this.marks.flatMap(({ times, text }) => {
      const [first, last] = [this.barAt(times[0]), this.barAt(times.at(-1))];
      if (first === undefined || last === undefined || last.right < 0 || first.left > width) return [];
      return [{ left: first.left, right: last.right, text }];
    });
  }

  protected override draw(context: CanvasRenderingContext2D, { width, height }: PaneSize): void {
    for (const one of this.placed(width)) {
      context.save();
      if (one.text === "") drawClosed(context, one, height, this.#colors.closed);
      else drawOutage(context, one, height, this.#colors.hatch);
      context.restore();
    }
    this.onDrawn(width, height);
  }
}

function drawClosed(
  context: CanvasRenderingContext2D,
  { left, right }: PlacedBreak,
  height: number,
  color: string,
): void {
  context.strokeStyle = color;
  context.beginPath();
  addUpright(context, (left + right) / 2, height);
  context.stroke();
}

function drawOutage(
  context: CanvasRenderingContext2D,
  { left, right }: PlacedBreak,
  height: number,
  color: string,
): void {
  context.strokeStyle = color;
  context.beginPath();
  context.rect(left, 0, right - left, height);
  context.clip();
  context.beginPath();
  for (let x = left - height; x < right; x += HATCH_STEP) {
    context.moveTo(x, height);
    context.lineTo(x + height, 0);
  }
  addUpright(context, left, height);
  addUpright(context, right - 1, height);
  context.stroke();
}
