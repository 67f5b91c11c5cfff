/** The chart draws on canvases, which know no style sheet: its colours are read from the page's. */
export interface ChartColors {
  readonly text: string;
  readonly grid: string;
  readonly border: string;
  readonly up: string;
  readonly down: string;
  readonly upVolume: string;
  readonly downVolume: string;
  readonly line: string;
  readonly day: string;
  readonly crosshair: string;
  readonly label: string;
}

export function readColors(): ChartColors {
  const style = getComputedStyle(document.documentElement);
  const color = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  return {
    text: color("muted"),
    grid: color("grid"),
    border: color("border"),
    up: color("candle-up"),
    down: color("candle-down"),
    upVolume: color("volume-up"),
    downVolume: color("volume-down"),
    line: color("accent"),
    day: color("day-line"),
    crosshair: color("crosshair"),
    label: color("label"),
  };
}
