import type {
  IPrimitivePaneRenderer,
  IPrimitivePaneView,
  ISeriesPrimitive,
  SeriesAttachedParameter,
  Time,
  UTCTimestamp,
} from "lightweight-charts";
import type { Seconds } from "../bars/chart-bar.js";

/** Of the pane with the prices, pixels. */
export interface PaneSize {
  readonly width: number;
  readonly height: number;
}

/** Marks that are drawn over the pane with the prices, where their times are. */
export abstract class MarkLayer<Mark> implements ISeriesPrimitive<Time> {
  #attached: SeriesAttachedParameter<Time> | undefined;
  #marks: readonly Mark[] = [];
  readonly #views: readonly IPrimitivePaneView[];

  constructor() {
    const renderer: IPrimitivePaneRenderer = {
      draw: (target) =>
        target.useMediaCoordinateSpace(({ context, mediaSize }) => {
          context.save();
          this.draw(context, mediaSize);
          context.restore();
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

  get marks(): readonly Mark[] {
    return this.#marks;
  }

  set(marks: readonly Mark[]): void {
    this.#marks = marks;
    this.redraw();
  }

  protected redraw(): void {
    this.#attached?.requestUpdate();
  }

  /** From where to where the bar of a time is on the screen, also beside it; undefined of a time that is not on the axis. */
  protected barAt(time: Seconds | undefined): { readonly left: number; readonly right: number } | undefined {
    const scale = this.#attached?.chart.timeScale();
    if (scale === undefined || time === undefined) return undefined;
    const x = scale.timeToCoordinate(time as UTCTimestamp); // The library's brand of a number of seconds.
    const half = scale.options().barSpacing / 2;
    return x === null ? undefined : { left: x - half, right: x + half };
  }

  protected abstract draw(context: CanvasRenderingContext2D, size: PaneSize): void;
}

/** Adds a line from top to bottom to the path, between two pixels as it would be blurred. */
export function addUpright(context: CanvasRenderingContext2D, x: number, height: number): void {
  const sharp = Math.round(x) + 0.5;
  context.moveTo(sharp, 0);
  context.lineTo(sharp, height);
}
