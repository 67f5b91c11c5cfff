import type { Page } from "playwright-core";

/** The screens that the page is looked at on. */
export const SCREENS = [
  { width: 1440, height: 900 },
  { width: 1024, height: 768 },
  { width: 820, height: 1180 },
  { width: 667, height: 375 },
  { width: 844, height: 390 },
  { width: 390, height: 844 },
  { width: 1920, height: 1080 },
] as const;

/** Lower, and a candle chart says nothing. */
export const CHART_HEIGHT_MIN = 240;

/**
 * Runs in the page: numbers that are cut by the box they stand in or by the screen, pairs in one row that touch, and the height of
 * the chart.
 */
const LOOK = `(() => {
  const wrong = [];
  const box = (element) => element.getBoundingClientRect();
  const isSeen = (element) => element.checkVisibility({ visibilityProperty: true }) && box(element).width > 0;
  const says = (element) => element.className + " " + element.textContent;
  const bounds = ".watch-row > *, .tape-row, .card, .top";
  for (const element of document.querySelectorAll(".price, .change, .life, .tape-time, .card-ticks, .quote-move, .sides")) {
    if (!isSeen(element)) continue;
    const [inner, outer] = [box(element), box(element.closest(bounds) ?? document.body)];
    if (inner.right > outer.right + 0.5 || inner.left < outer.left - 0.5) wrong.push("cut: " + says(element));
  }
  for (const row of document.querySelectorAll(".watch-row, .tape-row, .card-values, .top")) {
    const parts = [...row.querySelectorAll(".price, .change, .life, .watch-name, .tape-time, .tape-move, dt, .clock, .status, .quote-symbol")].filter(isSeen);
    for (const [at, one] of parts.entries()) for (const other of parts.slice(at + 1)) {
      const [a, b] = [box(one), box(other)];
      const isApart = a.right <= b.left + 0.5 || b.right <= a.left + 0.5 || a.bottom <= b.top + 2 || b.bottom <= a.top + 2;
      if (!isApart) wrong.push("over one another: " + says(one) + " | " + says(other));
    }
  }
  if (document.documentElement.scrollWidth > innerWidth) wrong.push("wider than the screen");
  return { wrong: [...new Set(wrong)], chartHeight: box(document.getElementById("chart")).height };
})()`;

export interface Look {
  /** What overlaps or is cut, in words. */
  readonly wrong: readonly string[];
  readonly chartHeight: number;
}

export function lookAt(page: Page): Promise<Look> {
  return page.evaluate<Look>(LOOK);
}
