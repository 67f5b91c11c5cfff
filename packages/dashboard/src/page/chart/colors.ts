/** The page's variables that hold the chart's colours: it draws on canvases, which know no style sheet. */
const VARIABLES = {
  text: "--muted",
  grid: "--grid",
  border: "--border",
  up: "--candle-up",
  down: "--candle-down",
  upVolume: "--volume-up",
  downVolume: "--volume-down",
  line: "--accent",
  day: "--day-line",
  hatch: "--hatch",
  closed: "--closed-line",
  crosshair: "--crosshair",
  label: "--label",
} as const;

export type ChartColors = Readonly<Record<keyof typeof VARIABLES, string>>;

export function readColors(): ChartColors {
  const style = getComputedStyle(document.documentElement);
  const colors = Object.entries(VARIABLES).map(([name, variable]) => [name, style.getPropertyValue(variable).trim()]);
  return Object.fromEntries(colors) as ChartColors; // A colour for each variable, by the line above.
}
