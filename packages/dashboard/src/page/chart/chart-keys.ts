const ZOOM = 1.25;
/** Bars a step is with the Shift key. */
const LEAP = 10;

/** What keys do to the chart. */
export interface ChartActions {
  step(bars: number): void;
  zoom(factor: number): void;
  toNewest(): void;
}

/** The keys of the chart, while the focus is on it. */
export function takeKeys(element: HTMLElement, { step, zoom, toNewest }: ChartActions): void {
  element.tabIndex = 0;
  element.addEventListener("keydown", (event) => {
    const bars = event.shiftKey ? LEAP : 1;
    const keys: Record<string, () => void> = {
      ArrowLeft: () => step(-bars),
      ArrowRight: () => step(bars),
      "+": () => zoom(ZOOM),
      "=": () => zoom(ZOOM),
      "-": () => zoom(1 / ZOOM),
      End: toNewest,
      Escape: toNewest,
    };
    const act = keys[event.key];
    if (act === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  });
}
