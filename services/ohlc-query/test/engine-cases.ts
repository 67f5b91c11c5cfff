import { type Bar, microsOf, type ReadSide } from "./read-side.js";
import type { RecipeCase } from "./recipe-runs.js";

/** Datasets of what engines take for numbers, for dates and for patterns, and what they decode once too often. */
export const ODD = [["005930"], ["1D"], ["2025-12-05"], ["US30#"], ["A:B"], ["X+"], ["US30#", "A:B", "X+"]];

/** Each symbol of each dataset, and beside it the dataset's last one. */
export function recipeCases(
  datasets: readonly { readonly archive: string; readonly symbols: readonly string[] }[],
): RecipeCase[] {
  return datasets.flatMap(({ archive, symbols }) =>
    symbols.map((symbol) => ({ archive, symbol, other: symbols.at(-1) ?? symbol })),
  );
}

/** What the API answers, as recipes' bars are told. */
export async function barsOf(service: ReadSide, symbol: string, end: string): Promise<number[][]> {
  const range = `symbol=${symbol}&start=2014-05-04&end=${end}&limit=all`;
  const { body } = await service.get<Bar[]>(`/ohlc/minute?${range}`);
  return body.map((bar) => [microsOf(bar.bucket), bar.open, bar.high, bar.low, bar.close, bar.tick_count]);
}
