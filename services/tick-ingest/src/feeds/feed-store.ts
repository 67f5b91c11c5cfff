import { randomUUID } from "node:crypto";
import { FEED_STATES, type FeedNames, type Micros, US_PER_SECOND } from "@fx-ohlc/schemas";
import { type RedisStore, unavailable, withDeadline } from "@fx-ohlc/service-kit";
import { countDelay, type DelayCounts } from "./delays.js";
import type { News } from "./feed-news.js";
import { FORGET, HEAR, LEASE, TELL } from "./feed-scripts.js";
import type { Known } from "./feed-state.js";
import { type Heard, PAIRS_MAX, type Pair, pairKey, splitPairKey } from "./pair.js";

const DEADLINE_MS = 2000;
/** Pairs of one call: some 100 µs of Redis each hundred. */
const CALL_PAIRS = 500;
/** Delays are counted in slots of so many seconds, of which the last few and the running one are looked at. */
const SLOT_S = 20;
const SLOTS = 3;
const SLOT_KEPT_S = (SLOTS + 2) * SLOT_S;

/** What has changed of states; undefined: there is none any more. */
export interface StateChanges {
  readonly states: ReadonlyMap<string, Known | undefined>;
  readonly status: ReadonlyMap<string, Known | undefined>;
}

/** Since when and until when somebody has watched without a pause. */
export interface Watched {
  readonly sinceUs: Micros;
  readonly untilUs: Micros;
}

/** The delays of the last minute, and over how many seconds they were counted. */
export interface Delays {
  readonly byPair: ReadonlyMap<string, DelayCounts>;
  readonly seconds: number;
}

/** What all processes know of feeds, on Redis. Each call throws when Redis does not answer. */
export class FeedStore {
  constructor(
    private readonly redis: RedisStore,
    private readonly namesNow: () => FeedNames | undefined,
  ) {}

  get isReady(): boolean {
    const names = this.namesNow();
    return names !== undefined && this.redis.isReadyFor(names.heard);
  }

  /** @returns how many pairs there was no room for */
  async hear(news: ReadonlyMap<string, News>, nowUs: Micros): Promise<number> {
    const { heard, delays } = this.#names;
    const keys = [heard, delays(slotOf(nowUs))];
    const all = [...news];
    let refused = 0;
    for (let at = 0; at < all.length; at += CALL_PAIRS) {
      const page = all.slice(at, at + CALL_PAIRS).flatMap(newsArguments);
      const head = [nowUs, SLOT_KEPT_S, PAIRS_MAX].map(String);
      refused += Number(await this.#eval(HEAR, keys, [...head, ...page]));
    }
    return refused;
  }

  async pairs(): Promise<Map<string, Pair>> {
    const fields = await this.#hash(this.#names.heard);
    return new Map(fields.map(([key, text]) => [key, { ...splitPairKey(key), ...parseHeard(text) }]));
  }

  async delays(nowUs: Micros): Promise<Delays> {
    const now = slotOf(nowUs);
    const slots = Array.from({ length: SLOTS + 1 }, (_, back) => this.#names.delays(now - back));
    const byPair = new Map<string, DelayCounts>();
    for (const fields of await Promise.all(slots.map((slot) => this.#hash(slot)))) {
      for (const [field, count] of fields) {
        const end = field.lastIndexOf("\t");
        const counts = byPair.get(field.slice(0, end)) ?? new Map();
        byPair.set(field.slice(0, end), counts);
        countDelay(counts, Number(field.slice(end + 1)), Number(count));
      }
    }
    return { byPair, seconds: SLOTS * SLOT_S + (nowUs / US_PER_SECOND - now * SLOT_S) };
  }

  async states(): Promise<Map<string, Known>> {
    return knownOf(await this.#hash(this.#names.states));
  }

  async status(): Promise<Map<string, Known>> {
    return knownOf(await this.#hash(this.#names.status));
  }

  async watched(): Promise<Watched | undefined> {
    const { watched } = this.#names;
    const text = await this.#within(this.redis.clientOf(watched).get(watched));
    const [sinceUs, untilUs] = (text ?? "").split(" ").map(Number);
    return sinceUs === undefined || untilUs === undefined ? undefined : { sinceUs, untilUs };
  }

  /** @returns whether it is the only one who watches for so long */
  async lease(owner: string, ms: number): Promise<boolean> {
    return (await this.#eval(LEASE, [this.#names.lease], [owner, String(ms)])) === 1;
  }

  /** @returns false where somebody else has the lease: nothing was told then */
  async tell(owner: string, { sinceUs, untilUs }: Watched, { states, status }: StateChanges): Promise<boolean> {
    const names = this.#names;
    const told = [owner, `${sinceUs} ${untilUs}`, randomUUID(), ...listed(states), ...listed(status)];
    const keys = [names.lease, names.watched, names.version, names.states, names.status];
    return (await this.#eval(TELL, keys, told)) === 1;
  }

  /** Forgets pairs, unless something of them has come since they were read. @returns how many */
  async forget(pairs: readonly Pair[]): Promise<number> {
    const known = pairs.flatMap((pair) => [pairKey(pair.feed, pair.symbol), heardText(pair)]);
    return pairs.length === 0 ? 0 : Number(await this.#eval(FORGET, [this.#names.heard], known));
  }

  get #names(): FeedNames {
    const names = this.namesNow();
    if (names === undefined || !this.redis.isReadyFor(names.heard)) throw unavailable("What is known of feeds");
    return names;
  }

  async #hash(key: string): Promise<[string, string][]> {
    return Object.entries(await this.#within(this.redis.clientOf(key).hGetAll(key)));
  }

  #eval(script: string, keys: readonly string[], given: readonly string[]): Promise<unknown> {
    const [first = ""] = keys;
    return this.#within(this.redis.clientOf(first).eval(script, { keys: [...keys], arguments: [...given] }));
  }

  async #within<T>(answer: Promise<T>): Promise<T> {
    try {
      return await withDeadline(answer, DEADLINE_MS, "what is known of feeds");
    } catch (error) {
      throw unavailable("What is known of feeds", error);
    }
  }
}

function slotOf(nowUs: Micros): number {
  return Math.floor(nowUs / US_PER_SECOND / SLOT_S);
}

function newsArguments([key, { delays, ...heard }]: readonly [string, News]): string[] {
  const buckets = [...delays].flatMap(([bucket, count]) => [String(bucket), String(count)]);
  return [key, ...heardText(heard).split(" "), String(delays.size), ...buckets];
}

function heardText({ heardUs, tickedUs, lastTickUs, everyS }: Heard): string {
  return [heardUs, tickedUs, lastTickUs, everyS].join(" ");
}

function parseHeard(text: string): Heard {
  const [heardUs = 0, tickedUs = 0, lastTickUs = 0, everyS = 0] = text.split(" ").map(Number);
  return { heardUs, tickedUs, lastTickUs, everyS };
}

/** `live 1764928800000000`; what is none is left out. */
function knownOf(fields: readonly (readonly [string, string])[]): Map<string, Known> {
  const known = new Map<string, Known>();
  for (const [name, text] of fields) {
    const [word, sinceUs] = text.split(" ");
    const state = FEED_STATES.find((one) => one === word);
    if (state !== undefined) known.set(name, { state, sinceUs: Number(sinceUs) });
  }
  return known;
}

function listed(changes: ReadonlyMap<string, Known | undefined>): string[] {
  const entries = [...changes].flatMap(([name, known]) => [
    name,
    known === undefined ? "" : `${known.state} ${known.sinceUs}`,
  ]);
  return [String(changes.size), ...entries];
}
