import { BOUNDARIES, type BoundaryName } from "../boundaries.js";
import { changeText, moveText, priceText } from "../format/price.js";
import { changeBase } from "../state/days.js";
import type { WatchRow } from "../state/watchlist.js";

export interface ChangeTexts {
  readonly move: string;
  readonly percent: string;
  /** From what it is counted. */
  readonly title: string;
}

const NONE: ChangeTexts = { move: "", percent: "", title: "" };

/** A symbol's change since its previous close, and from what that is. */
export function changeTexts({ last, days, decimals, pip }: WatchRow, boundary: BoundaryName): ChangeTexts {
  const base = changeBase(days);
  if (last === undefined || base === undefined) return NONE;
  const from = priceText(base.price, decimals);
  return {
    move: moveText(base.price, last, decimals, pip),
    percent: changeText(base.price, last),
    title: `From ${from}, ${base.what} (days from ${BOUNDARIES[boundary].title})`,
  };
}
