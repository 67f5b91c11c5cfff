import type {
  IPrimitivePaneRenderer,
  IPrimitivePaneView,
  ISeriesPrimitive,
  SeriesAttachedParameter,
  Time,
  UTCTimestamp,
} from "lightweight-charts";
import type { Seconds } from "../bars/chart-bar.js";
import type { ChartColors } from "./colors.js";

/** The first bar of an FX day, and the day's name. */
export interface DayMark {
  readonly time: Seconds;
  readonly name: string;
}

type Target = Parameters<IPrimitivePaneRenderer["draw"]>[0];

interface Mark {
  readonly x: number;
  readonly name: string;
}

/** Closer than this the lines would be a pattern, not marks; names need room for themselves. */
const LINE_GAP_MIN = 24;
const NAME_GAP_MIN = 76;

type Colors = Pick<ChartColors, "day" | "text">;

type Draw = (context: CanvasRenderingContext2D, marks: readonly Mark[], height: number, colors: Colors) => void;

/** Draws a line where each FX day begins, with the day's name at its foot. */
export class DayLines implements ISeriesPrimitive<Time> {
  #attached: SeriesAttachedParameter<Time> | undefined;
  #marks: readonly DayMark[] = [];
  #colors: Colors = { day: "", text: "" };
  readonly #views: readonly IPrimitivePaneView[];

  constructor() {
    const lines: IPrimitivePaneRenderer = { draw: (target) => this.#draw(target, LINE_GAP_MIN, drawLines) };
    const names: IPrimitivePaneRenderer = { draw: (target) => this.#draw(target, NAME_GAP_MIN, drawNames) };
    // Not at the bottom: the grid is drawn over that.
    this.#views = [
      { zOrder: () => "normal", renderer: () => lines },
      { zOrder: () => "top", renderer: () => names },
    ];
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

  setColors(colors: Colors): void {
    this.#colors = colors;
    this.#attached?.requestUpdate();
  }

  #visible(width: number): readonly Mark[] {
    const scale = this.#attached?.chart.timeScale();
    if (scale === undefined) return [];
    return this.#marks.flatMap(({ time, name }) => {
      const x = scale.timeToCoordinate(time as UTCTimestamp); // The library's brand of a number of seconds.
      return x === null || x < 0 || x > width ? [] : [{ x, name }];
    });
  }

  #draw(target: Target, gapMin: number, draw: Draw): void {
    target.useMediaCoordinateSpace(({ context, mediaSize }) => {
      const marks = this.#visible(mediaSize.width);
      const gap = Math.min(...marks.slice(1).map(({ x }, at) => x - (marks[at]?.x ?? 0)));
      if (gap >= gapMin) draw(context, marks, mediaSize.height, this.#colors);
    });
  }
}

const drawLines: Draw = (context, marks, height, { day }) => {
  context.save();
  context.strokeStyle = day;
  context.setLineDash([3, 3]);
  context.beginPath();
  for (const { x } of marks) {
    context.moveTo(Math.round(x) + 0.5, 0);
    context.lineTo(Math.round(x) + 0.5, height);
  }
  context.stroke();
  context.restore();
};

const drawNames: Draw = (context, marks, height, { text }) => {
  context.font = "11px 'Inter Variable', sans-serif";
  context.fillStyle = text;
  for (const { x, name } of marks) context.fillText(name, x + 5, height - 6);
};
