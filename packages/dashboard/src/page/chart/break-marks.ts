import type {
  IPrimitivePaneRenderer,
  IPrimitivePaneView,
  ISeriesPrimitive,
  SeriesAttachedParameter,
  Time,
  UTCTimestamp,
} from "lightweight-charts";
import type { Break } from "../bars/breaks.js";
import type { ChartColors } from "./colors.js";

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
export class BreakMarks implements ISeriesPrimitive<Time> {
  #attached: SeriesAttachedParameter<Time> | undefined;
  #breaks: readonly Break[] = [];
  #colors: Colors = { hatch: "", closed: "" };
  readonly #views: readonly IPrimitivePaneView[];

  /** @param onDrawn called with each drawing of the chart, with the size of its pane */
  constructor(private readonly onDrawn: (width: number, height: number) => void) {
    const renderer: IPrimitivePaneRenderer = {
      draw: (target) =>
        target.useMediaCoordinateSpace(({ context, mediaSize: { width, height } }) => {
          for (const one of this.placed(width)) draw(context, one, height, this.#colors);
          this.onDrawn(width, height);
        }),
    };
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

  set(breaks: readonly Break[]): void {
    this.#breaks = breaks;
    this.#attached?.requestUpdate();
  }

  setColors(colors: Colors): void {
    this.#colors = colors;
    this.#attached?.requestUpdate();
  }

  /** The breaks within a pane of that width. */
  placed(width: number): readonly PlacedBreak[] {
    const scale = this.#attached?.chart.timeScale();
    if (scale === undefined) return [];
    const half = scale.options().barSpacing / 2;
    // The library's brand of a number of seconds.
    const x = (time: number | undefined) => (time === undefined ? null : scale.timeToCoordinate(time as UTCTimestamp));
    return this.#breaks.flatMap(({ times, text }) => {
      const [first, last] = [x(times[0]), x(times.at(-1))];
      if (first === null || last === null || last + half < 0 || first - half > width) return [];
      return [{ left: first - half, right: last + half, text }];
    });
  }
}

function draw(
  context: CanvasRenderingContext2D,
  { left, right, text }: PlacedBreak,
  height: number,
  colors: Colors,
): void {
  context.save();
  context.beginPath();
  if (text === "") {
    context.strokeStyle = colors.closed;
    const middle = Math.round((left + right) / 2) + 0.5;
    context.moveTo(middle, 0);
    context.lineTo(middle, height);
  } else {
    context.strokeStyle = colors.hatch;
    context.rect(left, 0, right - left, height);
    context.clip();
    context.beginPath();
    for (let x = left - height; x < right; x += HATCH_STEP) {
      context.moveTo(x, height);
      context.lineTo(x + height, 0);
    }
    context.moveTo(left + 0.5, 0);
    context.lineTo(left + 0.5, height);
    context.moveTo(right - 0.5, 0);
    context.lineTo(right - 0.5, height);
  }
  context.stroke();
  context.restore();
}
