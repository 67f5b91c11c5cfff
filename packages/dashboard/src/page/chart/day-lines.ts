import type {
  IPrimitivePaneRenderer,
  IPrimitivePaneView,
  ISeriesPrimitive,
  SeriesAttachedParameter,
  Time,
  UTCTimestamp,
} from "lightweight-charts";
import type { ChartColors } from "./colors.js";
import type { DayMark } from "./day-marks.js";

/** Closer than this the lines would be a pattern, not marks. */
const GAP_MIN = 24;

/** Draws a line where each FX day begins, but the first: where that began is not known. */
export class DayLines implements ISeriesPrimitive<Time> {
  #attached: SeriesAttachedParameter<Time> | undefined;
  #marks: readonly DayMark[] = [];
  #color = "";
  readonly #views: readonly IPrimitivePaneView[];

  constructor() {
    const renderer: IPrimitivePaneRenderer = {
      draw: (target) =>
        target.useMediaCoordinateSpace(({ context, mediaSize: { width, height } }) => {
          const xs = this.placed()
            .slice(1)
            .map(({ x }) => x);
          const gap = Math.min(...xs.slice(1).map((x, at) => x - (xs[at] ?? 0)));
          if (gap < GAP_MIN) return;
          drawLines(
            context,
            xs.filter((x) => x >= 0 && x <= width),
            height,
            this.#color,
          );
        }),
    };
    // Not at the bottom: the grid is drawn over that.
    this.#views = [{ zOrder: () => "normal", renderer: () => renderer }];
  }

  attached(parameter: SeriesAttachedParameter<Time>): void {
    this.#attached = parameter;
  }

  detached(): void {
    this.#attached = undefined;
  }

  paneViews(): readonly IPrimitivePaneView[] {
    return this.#views;
  }

  set(marks: readonly DayMark[]): void {
    this.#marks = marks;
    this.#attached?.requestUpdate();
  }

  setColors({ day }: Pick<ChartColors, "day">): void {
    this.#color = day;
    this.#attached?.requestUpdate();
  }

  /** Where each day begins on the screen, also beside it. */
  placed(): readonly (DayMark & { readonly x: number })[] {
    const scale = this.#attached?.chart.timeScale();
    if (scale === undefined) return [];
    const half = scale.options().barSpacing / 2;
    return this.#marks.flatMap((mark) => {
      const x = scale.timeToCoordinate(mark.time as UTCTimestamp); // The library's brand of a number of seconds.
      return x === null ? [] : [{ ...mark, x: x - half }];
    });
  }
}

function drawLines(context: CanvasRenderingContext2D, xs: readonly number[], height: number, color: string): void {
  context.save();
  context.strokeStyle = color;
  context.setLineDash([3, 3]);
  context.beginPath();
  for (const x of xs) {
    context.moveTo(Math.round(x) + 0.5, 0);
    context.lineTo(Math.round(x) + 0.5, height);
  }
  context.stroke();
  context.restore();
}
