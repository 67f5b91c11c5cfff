import { randomUUID } from "node:crypto";
import { type Micros, US_PER_DAY, US_PER_SECOND } from "@fx-ohlc/schemas";
import { groupBy } from "@fx-ohlc/service-kit";
import { bestOf, judge, type Known, type Moment, type SymbolFacts, silentSince } from "./feed-state.js";
import type { FeedStore, Watched } from "./feed-store.js";
import type { FeedTables } from "./feed-tables.js";
import { Outages, type SilenceOf } from "./outages.js";
import { type Pair, pairKey, splitPairKey } from "./pair.js";
import type { SteadyClock } from "./steady-clock.js";

/** Whoever watches is replaced so soon after it has died. */
const LEASE_MS = 3000;
/** Nobody watched for longer than this: what was not heard meanwhile may have come all the same. */
const PAUSE_MAX_US = 5 * US_PER_SECOND;
/** How soon it is known what an operator says of a symbol. */
const FACTS_KEPT_US = 5 * US_PER_SECOND;
/** How often the database learns of pairs, and what lasts is read again from it: somebody may have put it back. */
const KEEP_INTERVAL_US = 60 * US_PER_SECOND;
/** A feed that was not heard for so long is forgotten: longer than any week's pause of a market. */
const FORGOTTEN_AFTER_US = 7 * US_PER_DAY;
/** And somebody has listened for so long: after a clock was set all of them are of long ago. */
const FORGOTTEN_WATCHED_US = 600 * US_PER_SECOND;

export interface FeedWatchOptions {
  readonly store: FeedStore;
  readonly tables: FeedTables;
  readonly clock: SteadyClock;
  /** Of feeds without heartbeats, of symbols of which nothing was said. */
  readonly quietAfterS: number;
}

/** What is so at some moment, by names. */
export interface Judged {
  readonly states: ReadonlyMap<string, Known>;
  readonly status: ReadonlyMap<string, Known>;
}

const NOTHING: Judged = { states: new Map(), status: new Map() };

/**
 * Judges feeds by the clock, once a second. Of all processes one does it at a time, which has a lease on Redis: what it told its
 * successor reads and goes on from.
 *
 * What was not heard is judged only as far back as somebody has listened without a pause: after a start, after Redis was away, and
 * after the clock was set everything is as it was until it is heard, or silent for as long as it may be.
 */
export class FeedWatch {
  readonly #options: FeedWatchOptions;
  readonly #owner = randomUUID();
  readonly #outages: Outages;
  /** As was told last; nothing while somebody else watches. */
  #judged = NOTHING;
  #watched: Watched | undefined;
  #facts: { readonly atUs: Micros; readonly bySymbol: ReadonlyMap<string, SymbolFacts> } | undefined;
  /** When each pair that the database knows was heard last, as it knows it. */
  #kept = new Map<string, Micros>();
  #keptUs = 0;

  constructor(options: FeedWatchOptions) {
    this.#options = options;
    this.#outages = new Outages(options.tables);
  }

  /** What this process has told last; empty while another one watches. */
  get judged(): Judged {
    return this.#judged;
  }

  /**
   * Judges all feeds, if nobody else does.
   *
   * @throws whatever Redis, or the database, answers: it is done again then
   */
  async step(): Promise<void> {
    const { store, clock } = this.#options;
    const { nowUs, isSteady } = clock.read();
    if (!(await store.lease(this.#owner, LEASE_MS))) return this.#rest();
    if (this.#watched === undefined) await this.#takeOver();
    const [pairs, told] = await Promise.all([store.pairs(), store.watched()]);
    // Redis has lost what it was told: it is told all of it again, as far as it is remembered here and in the database.
    const isLost = told === undefined;
    if (isLost) this.#keptUs = 0;
    this.#watched = watchedUntil(nowUs, isSteady && !isLost ? this.#watched : undefined);
    await this.#keepIfDue(pairs, nowUs);
    const facts = await this.#factsOf(pairs, nowUs);
    const { sinceUs: watchedSinceUs } = this.#watched;
    const moment = { nowUs, watchedSinceUs, quietAfterS: this.#options.quietAfterS };
    const judged = judgeAll(pairs, facts, moment, this.#judged);
    const before = isLost ? NOTHING : this.#judged;
    const changes = {
      states: changed(before.states, judged.states),
      status: changed(before.status, judged.status),
    };
    if (!(await store.tell(this.#owner, this.#watched, changes))) return this.#rest();
    this.#judged = judged;
    await this.#outages.follow(judged.status, silencesOf(pairs, facts, moment), nowUs);
  }

  #rest(): void {
    this.#judged = NOTHING;
    this.#watched = undefined;
    this.#keptUs = 0;
  }

  async #takeOver(): Promise<void> {
    const { store } = this.#options;
    const [states, status, watched] = await Promise.all([store.states(), store.status(), store.watched()]);
    // Where Redis has lost that, too, the database knows what is down: an outage does not end with who told of it.
    this.#judged = watched === undefined ? await this.#lasting() : { states, status };
    // What has not been read from anywhere was long ago.
    this.#watched = watched ?? { sinceUs: 0, untilUs: 0 };
  }

  /** What is down as the database knows it. */
  async #lasting(): Promise<Judged> {
    const { tables } = this.#options;
    const [outages, pairs] = await Promise.all([tables.lastingOutages(), tables.pairs()]);
    const down = (sinceUs: Micros): Known => ({ state: "down", sinceUs });
    const states = pairs.flatMap(({ feed, symbol }) => {
      const sinceUs = outages.get(symbol);
      return sinceUs === undefined ? [] : [[pairKey(feed, symbol), down(sinceUs)] as const];
    });
    return {
      states: new Map(states),
      status: new Map([...outages].map(([symbol, sinceUs]) => [symbol, down(sinceUs)])),
    };
  }

  /** The database has what Redis may lose. */
  async #keepIfDue(pairs: Map<string, Pair>, nowUs: Micros): Promise<void> {
    if (Math.abs(nowUs - this.#keptUs) < KEEP_INTERVAL_US) return;
    const { store, tables } = this.#options;
    await this.#outages.reload();
    const known = await tables.pairs();
    const mayForget = nowUs - (this.#watched?.sinceUs ?? nowUs) >= FORGOTTEN_WATCHED_US;
    const isOld = ({ heardUs }: Pair) => mayForget && heardUs < nowUs - FORGOTTEN_AFTER_US;
    const lost = known.filter((pair) => !pairs.has(pairKey(pair.feed, pair.symbol)) && !isOld(pair));
    for (const pair of lost) pairs.set(pairKey(pair.feed, pair.symbol), pair);
    await store.hear(
      new Map(lost.map((pair) => [pairKey(pair.feed, pair.symbol), { ...pair, delays: new Map() }])),
      nowUs,
    );
    await this.#forget([...pairs.values(), ...known].filter(isOld));
    for (const pair of pairs.values()) if (isOld(pair)) pairs.delete(pairKey(pair.feed, pair.symbol));
    await tables.keep(
      [...pairs].filter(([key, { heardUs }]) => this.#kept.get(key) !== heardUs).map(([, pair]) => pair),
    );
    this.#kept = new Map([...pairs].map(([key, { heardUs }]) => [key, heardUs]));
    this.#keptUs = nowUs;
  }

  /** Forgets pairs, unless something of them comes meanwhile. */
  async #forget(pairs: readonly Pair[]): Promise<void> {
    await this.#options.store.forget(pairs);
    await this.#options.tables.forget(pairs);
  }

  async #factsOf(pairs: ReadonlyMap<string, Pair>, nowUs: Micros): Promise<ReadonlyMap<string, SymbolFacts>> {
    const symbols = [...new Set([...pairs.values()].map(({ symbol }) => symbol))];
    const known = this.#facts;
    const isFresh =
      known !== undefined &&
      Math.abs(nowUs - known.atUs) < FACTS_KEPT_US &&
      symbols.every((symbol) => known.bySymbol.has(symbol));
    if (isFresh) return known.bySymbol;
    const bySymbol = await this.#options.tables.facts(symbols);
    this.#facts = { atUs: nowUs, bySymbol };
    return bySymbol;
  }
}

/** @param before undefined where the clock was set since */
function watchedUntil(nowUs: Micros, before: Watched | undefined): Watched {
  const goesOn = before !== undefined && Math.abs(nowUs - before.untilUs) <= PAUSE_MAX_US;
  return { sinceUs: goesOn ? before.sinceUs : nowUs, untilUs: nowUs };
}

function judgeAll(
  pairs: ReadonlyMap<string, Pair>,
  facts: ReadonlyMap<string, SymbolFacts>,
  moment: Moment,
  before: Judged,
): Judged {
  const states = new Map<string, Known>();
  for (const [key, pair] of pairs) {
    const ofSymbol = facts.get(pair.symbol);
    if (ofSymbol === undefined) continue;
    const known = judge(pair, ofSymbol, moment, before.states.get(key));
    states.set(key, known);
  }
  const status = new Map<string, Known>();
  for (const [symbol, ofSymbol] of groupBy(states, ([key]) => splitPairKey(key).symbol)) {
    const all = ofSymbol.map(([, known]) => known);
    const known = statusOf(all, before.status.get(symbol), moment.nowUs);
    if (known !== undefined) status.set(symbol, known);
  }
  return { states, status };
}

/** A symbol comes into a state when the first of its feeds does: it is down when the last of them is. */
function statusOf(all: readonly Known[], before: Known | undefined, nowUs: Micros): Known | undefined {
  const state = bestOf(all.map((known) => known.state));
  if (state === undefined || before?.state === state) return before;
  const sinces = all.filter((known) => known.state === state).map(({ sinceUs }) => sinceUs);
  return { state, sinceUs: before === undefined || state === "down" ? Math.max(...sinces) : nowUs };
}

function changed(before: ReadonlyMap<string, Known>, now: ReadonlyMap<string, Known>): Map<string, Known | undefined> {
  const changes = new Map<string, Known | undefined>();
  for (const [name, known] of now) {
    const was = before.get(name);
    if (was?.state !== known.state || was.sinceUs !== known.sinceUs) changes.set(name, known);
  }
  for (const name of before.keys()) if (!now.has(name)) changes.set(name, undefined);
  return changes;
}

/** Since when nothing came of any feed of a symbol, and when something came last. */
function silencesOf(
  pairs: ReadonlyMap<string, Pair>,
  facts: ReadonlyMap<string, SymbolFacts>,
  moment: Moment,
): SilenceOf {
  let bySymbol: ReadonlyMap<string, readonly Pair[]> | undefined;
  return (symbol) => {
    bySymbol ??= groupBy(pairs.values(), ({ symbol }) => symbol);
    const [own = [], ofSymbol] = [bySymbol.get(symbol), facts.get(symbol)];
    const sinceUs = ofSymbol === undefined ? [] : own.map((pair) => silentSince(pair, ofSymbol, moment));
    const last = (times: readonly Micros[]) =>
      Math.min(moment.nowUs, times.length === 0 ? moment.nowUs : Math.max(...times));
    return { sinceUs: last(sinceUs), heardUs: last(own.map(({ heardUs }) => heardUs)) };
  };
}
