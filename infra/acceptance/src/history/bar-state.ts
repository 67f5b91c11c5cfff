/** A bar of plain SQL: its start in ms since 1970, open, high, low, close, count of ticks. */
export type StateBar = readonly [
  startMs: number,
  open: number,
  high: number,
  low: number,
  close: number,
  ticks: number,
];

export const STATE_LEVELS = ["minute", "hour", "day"] as const;
export type StateLevel = (typeof STATE_LEVELS)[number];

/** The bars of one symbol as they are between two commits that change any of them. */
export class BarState {
  readonly #texts: Readonly<Record<StateLevel, string>>;
  readonly #bars = new Map<StateLevel, readonly StateBar[]>();

  /** @param texts the bars of each level as JSON: most states are never asked for all of them */
  constructor(
    readonly number: number,
    texts: Readonly<Record<StateLevel, string>>,
  ) {
    this.#texts = texts;
  }

  bars(level: StateLevel): readonly StateBar[] {
    const known = this.#bars.get(level);
    if (known !== undefined) return known;
    const bars = JSON.parse(this.#texts[level]) as StateBar[]; // As the journal's own SQL builds them.
    this.#bars.set(level, bars);
    return bars;
  }
}

/** Of a symbol that nobody has written. */
export const NO_STATE = new BarState(0, { minute: "[]", hour: "[]", day: "[]" });
