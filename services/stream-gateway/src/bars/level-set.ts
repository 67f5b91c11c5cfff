import { type Level, levelName, STORED_INTERVALS } from "@fx-ohlc/schemas";

/** Levels that are loaded, folded and checked together. */
export interface LevelSet {
  /** Tells it from all others. */
  readonly name: string;
  readonly levels: readonly Level[];
  /** The one that is asked for by name; undefined: those that are stored, which are asked for together. */
  readonly asked: Level | undefined;
}

/** Minutes, hours and days as they are stored. */
export const STORED_LEVELS: LevelSet = {
  name: "stored",
  levels: STORED_INTERVALS.map((interval) => ({ interval })),
  asked: undefined,
};

/** The set that a level belongs to: the stored ones, or it alone. */
export function levelSetOf({ interval, boundary }: Level): LevelSet {
  const isStored = STORED_INTERVALS.some((stored) => stored === interval);
  if (isStored && boundary === undefined) return STORED_LEVELS;
  const asked = { interval, boundary };
  return { name: levelName(asked), levels: [asked], asked };
}
