import type { OutgoingTick } from "./outbox.js";

/** The service numbers so many ticks of a stamp; beyond it refuses them. */
const RUN_TICKS_MAX = 1_024;

/**
 * Keeps ticks apart that have the same stamp and the same price. Within a request the service takes them for two, but in another for one
 * that was sent twice. So a request that goes on with the stamp at which the one before it ended begins with what that had of it, and
 * the service finds what is new: repeats match as a multiset. The ticks of a symbol stand together, for a run is one of adjacent lines.
 */
export class Runs {
  readonly #last = new Map<string, readonly OutgoingTick[]>();

  /** The ticks of a request, and before those of each symbol what belongs to their first stamp. */
  completed(ticks: readonly OutgoingTick[]): OutgoingTick[] {
    return [...bySymbol(ticks)].flatMap(([symbol, own]) => {
      const before = this.#last.get(symbol) ?? [];
      const all = before[0]?.time === own[0]?.time ? [...before, ...own] : own;
      const time = all.at(-1)?.time;
      const start = all.findLastIndex((tick) => tick.time !== time) + 1;
      this.#last.set(symbol, all.slice(start).slice(-RUN_TICKS_MAX));
      return all;
    });
  }
}

function bySymbol(ticks: readonly OutgoingTick[]): Map<string, OutgoingTick[]> {
  const groups = new Map<string, OutgoingTick[]>();
  for (const tick of ticks) {
    const group = groups.get(tick.symbol);
    if (group === undefined) groups.set(tick.symbol, [tick]);
    else group.push(tick);
  }
  return groups;
}
