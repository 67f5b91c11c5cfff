import { ColorType, CrosshairMode, type DeepPartial, LineType, type TimeChartOptions } from "lightweight-charts";
import { priceText } from "../format/price.js";
import type { ChartColors } from "./colors.js";

/** The part of the pane's height that tick counts take, at its foot. */
const VOLUME_TOP = 0.86;

/** Empty room right of the newest bar, in bars. */
export const RIGHT_OFFSET = 6;

export function chartOptions(colors: ChartColors): DeepPartial<TimeChartOptions> {
  return {
    autoSize: true,
    layout: {
      background: { type: ColorType.Solid, color: "transparent" },
      textColor: colors.text,
      fontFamily: "'Inter Variable', system-ui, sans-serif",
      fontSize: 11,
      // The page has its own: the library's brings an inline style sheet, which the policy refuses.
      attributionLogo: false,
      panes: { enableResize: false, separatorColor: colors.border },
    },
    grid: { vertLines: { color: colors.grid }, horzLines: { color: colors.grid } },
    rightPriceScale: { borderColor: colors.border, scaleMargins: { top: 0.14, bottom: 0.18 }, minimumWidth: 72 },
    timeScale: {
      borderColor: colors.border,
      timeVisible: true,
      secondsVisible: false,
      rightOffset: RIGHT_OFFSET,
      barSpacing: 8,
    },
    crosshair: {
      mode: CrosshairMode.Normal,
      vertLine: { color: colors.crosshair, labelBackgroundColor: colors.label },
      horzLine: { color: colors.crosshair, labelBackgroundColor: colors.label },
    },
    localization: { locale: "en-GB" },
  };
}

export function candleOptions(colors: ChartColors) {
  const { up, down } = colors;
  const sides = { upColor: up, downColor: down, wickUpColor: up, wickDownColor: down };
  return { ...sides, borderVisible: false, priceLineWidth: 1 } as const;
}

export const VOLUME_OPTIONS = {
  priceScaleId: "volume",
  priceFormat: { type: "volume" },
  lastValueVisible: false,
  priceLineVisible: false,
} as const;

export const VOLUME_SCALE = { scaleMargins: { top: VOLUME_TOP, bottom: 0 } } as const;

/** Of the pane's height, what the spread beneath has. */
export const SPREAD_SHARE = 0.18;

/** @param pip of the symbol; without one the spread is told in its price */
export function spreadOptions(colors: ChartColors, pip: number | undefined, decimals: number) {
  const looks = { lineWidth: 1, lineType: LineType.WithSteps, pointMarkersVisible: false } as const;
  const places = pip === undefined ? decimals : 1;
  const formatter = (spread: number) => priceText(spread, places).replace("-", "−");
  const priceFormat = { type: "custom", formatter, minMove: 10 ** -places } as const;
  const title = pip === undefined ? "spread" : "spread, pips";
  return { ...looks, priceFormat, color: colors.line, priceLineVisible: false, title } as const;
}

export function lineOptions(colors: ChartColors) {
  return { color: colors.line, lineWidth: 1, lineType: LineType.WithSteps, pointMarkersVisible: false } as const;
}
