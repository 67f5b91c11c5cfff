import type { Micros } from "@fx-ohlc/schemas";
import { countDelay, type DelayCounts, delayBucket } from "./delays.js";
import { type Heard, PAIRS_MAX, pairKey } from "./pair.js";

/** What is new of a pair. */
export interface News extends Heard {
  /** Of the ticks that came. */
  readonly delays: DelayCounts;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** What a tick says of the feed that brought it. */
interface Arrived {
  readonly symbol: string;
  readonly timeUs: Micros;
}

/** What this process has heard of feeds and told nobody yet: as much as there are pairs, however long it cannot be told. */
export class FeedNews {
  #news = new Map<string, Writable<News>>();

  /** Ticks of a feed are stored. @param receivedUs when they came: one time for all, or one for each */
  hearTicks(feed: string, ticks: readonly Arrived[], receivedUs: Micros | readonly Micros[]): void {
    let news: Writable<News> | undefined;
    let last: string | undefined;
    for (let at = 0; at < ticks.length; at += 1) {
      const tick = ticks[at];
      if (tick === undefined) continue;
      const us = typeof receivedUs === "number" ? receivedUs : (receivedUs[at] ?? 0);
      if (tick.symbol !== last) news = this.#of(feed, tick.symbol);
      last = tick.symbol;
      if (news === undefined) continue;
      news.heardUs = Math.max(news.heardUs, us);
      news.tickedUs = Math.max(news.tickedUs, us);
      news.lastTickUs = Math.max(news.lastTickUs, tick.timeUs);
      countDelay(news.delays, delayBucket(us - tick.timeUs));
    }
  }

  hearHeartbeat(feed: string, symbols: readonly string[], everyS: number, nowUs: Micros): void {
    for (const symbol of symbols) {
      const news = this.#of(feed, symbol);
      if (news === undefined) continue;
      news.heardUs = Math.max(news.heardUs, nowUs);
      news.everyS = everyS;
    }
  }

  /** Everything, of which nothing is left then. */
  take(): ReadonlyMap<string, News> {
    const taken = this.#news;
    this.#news = new Map();
    return taken;
  }

  /** It could not be told. */
  putBack(told: ReadonlyMap<string, News>): void {
    for (const [key, was] of told) {
      const news = this.#news.get(key);
      if (news === undefined) {
        this.#news.set(key, { ...was });
        continue;
      }
      news.heardUs = Math.max(news.heardUs, was.heardUs);
      news.tickedUs = Math.max(news.tickedUs, was.tickedUs);
      news.lastTickUs = Math.max(news.lastTickUs, was.lastTickUs);
      if (news.everyS === 0) news.everyS = was.everyS;
      for (const [bucket, count] of was.delays) countDelay(news.delays, bucket, count);
    }
  }

  #of(feed: string, symbol: string): Writable<News> | undefined {
    const key = pairKey(feed, symbol);
    const known = this.#news.get(key);
    if (known !== undefined || this.#news.size >= PAIRS_MAX) return known;
    const news: Writable<News> = { heardUs: 0, tickedUs: 0, lastTickUs: 0, everyS: 0, delays: new Map() };
    this.#news.set(key, news);
    return news;
  }
}
