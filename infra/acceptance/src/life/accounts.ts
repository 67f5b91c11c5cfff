import type { Level } from "./buckets.js";
import type { Ear, Heard, HeardBar } from "./ear.js";
import type { Model, ModelBar, ModelTick } from "./model.js";

/** What happened to ticks during one event, as far as clients must be told of it. */
export interface Changes {
  readonly created: readonly ModelTick[];
  /** Gone because the database went back. */
  readonly lost: readonly ModelTick[];
}

function nameOf({ symbol, timeUs, seq, price }: ModelTick): string {
  return `${symbol} ${timeUs} ${seq} ${price}`;
}

function covers(heard: Heard, { symbol, timeUs }: ModelTick): boolean {
  if (heard.kind === "anew") return true;
  return heard.kind === "gap" && heard.symbol === symbol && heard.fromUs <= timeUs && timeUs < heard.toUs;
}

/**
 * One client's account over a life: what it was told, and what it was told it skipped, is what was committed. It closes after
 * each event: every tick that was created has been told, or lies in a range that was declared since the event began; every tick
 * that went with a database is in such a range; nothing else was told, and nothing more often than it was created.
 */
export class StreamAccount {
  readonly #created = new Map<string, number>();
  readonly #told = new Map<string, number>();
  #from = 0;
  #checked = 0;

  constructor(readonly ear: Ear) {}

  /** From here on is what the next event did. */
  begin(): void {
    this.#from = this.ear.heard.length;
  }

  note(created: readonly ModelTick[]): void {
    for (const tick of created) this.#created.set(nameOf(tick), (this.#created.get(nameOf(tick)) ?? 0) + 1);
  }

  /** What was not told yet; it may still be on its way. */
  missing({ created, lost }: Changes): string[] {
    const heard = this.ear.heard.slice(this.#from);
    const told = new Set(heard.flatMap((item) => (item.kind === "tick" ? [nameOf(item)] : [])));
    const untold = created.filter((tick) => !told.has(nameOf(tick)) && !heard.some((item) => covers(item, tick)));
    const before = lost.length === 0 ? [] : this.ear.heard.slice(0, this.#from);
    const known = new Set(before.flatMap((item) => (item.kind === "tick" ? [nameOf(item)] : [])));
    const kept = lost.filter((tick) => known.has(nameOf(tick)) && !heard.some((item) => covers(item, tick)));
    return [
      ...untold.map((tick) => `${this.ear.name}: ${nameOf(tick)} was neither told nor declared`),
      ...kept.map((tick) => `${this.ear.name}: nobody told that ${nameOf(tick)} is gone with the database`),
    ];
  }

  /** What was told and never happened, or more often than it happened. */
  invented(): string[] {
    const faults: string[] = [];
    for (const item of this.ear.heard.slice(this.#checked)) {
      if (item.kind !== "tick") continue;
      const name = nameOf(item);
      const times = (this.#told.get(name) ?? 0) + 1;
      this.#told.set(name, times);
      if (times > (this.#created.get(name) ?? 0))
        faults.push(`${this.ear.name}: ${name} was told ${times} times, and stored ${this.#created.get(name) ?? 0}`);
    }
    this.#checked = this.ear.heard.length;
    return faults;
  }
}

/**
 * Bars of one symbol that a gateway remembers to have told: an older one that is emptied by a deletion is not told to be gone.
 */
const REMEMBERED: Readonly<Record<Level, number>> = { minute: 120, hour: 48, day: 14 };

function isSame(heard: HeardBar, bar: ModelBar | undefined): boolean {
  if (bar === undefined) return heard.tick_count === 0;
  return (["open", "high", "low", "close", "tick_count"] as const).every((key) => heard[key] === bar[key]);
}

function isForgotten(ear: Ear, { symbol, level, bucketUs }: HeardBar): boolean {
  const later = [...ear.bars.values()].filter(
    (bar) => bar.symbol === symbol && bar.level === level && bar.bucketUs > bucketUs,
  );
  return later.length >= REMEMBERED[level];
}

function isDeclared(ear: Ear, { symbol, level, bucketUs, at }: HeardBar): boolean {
  return ear.barGaps.some(
    (gap) =>
      gap.at > at && gap.symbol === symbol && gap.level === level && gap.fromUs <= bucketUs && bucketUs < gap.toUs,
  );
}

/** Bars that a client was told last and that are not true, or that it should have been told of; they may be on their way. */
export function barFaults(ear: Ear, model: Model, nowUs: number, levels: readonly Level[]): string[] {
  return levels.flatMap((level) => {
    const bars = new Map(model.bars(level).map((bar) => [`${bar.symbol} ${level} ${bar.bucketUs}`, bar]));
    const untrue = [...ear.bars].filter(([name, heard]) => {
      const bar = bars.get(name);
      // Told while a clock was ahead: what it has become is told when it begins.
      const isToCome = heard.bucketUs > nowUs;
      const isExcused = isToCome || isDeclared(ear, heard) || (bar === undefined && isForgotten(ear, heard));
      return heard.level === level && !isSame(heard, bar) && !isExcused;
    });
    const current = ear.symbols.map((symbol) => `${symbol} ${level} ${model.bucketOf(level, nowUs)}`);
    return [
      ...untrue.map(
        ([name, heard]) => `${ear.name}: ${name} is ${JSON.stringify(bars.get(name))}, told ${JSON.stringify(heard)}`,
      ),
      ...current
        .filter((name) => bars.has(name) && !ear.bars.has(name))
        .map((name) => `${ear.name}: ${name} was not told`),
    ];
  });
}
