import { eventually, type TestService } from "@fx-ohlc/testkit";
import type postgres from "postgres";
import { expectedAnswer } from "./expected-answer.js";
import { plainState } from "./plain-state.js";
import { questionOf } from "./question.js";
import { type AnswerFormat, expectedLines, linesOf } from "./row-text.js";

/** All of a symbol's history in every way that differs inside, each small enough for one page. */
const QUERIES = [
  "interval=1m&format=json&limit=5000",
  "interval=1m&format=csv&count=5000",
  "interval=5m&format=ndjson&limit=5000",
  "interval=1h&format=columns&limit=5000",
  "interval=4h&format=json&limit=5000&day_start_hour=17&timezone=America/New_York",
  "interval=1d&format=json&limit=5000",
  "interval=1d&format=csv&limit=5000&day_start_hour=0&timezone=UTC",
  "interval=1w&format=ccxt&limit=5000",
  "interval=1M&format=json&limit=5000",
  "interval=1m&format=csv&limit=5000&price=bid&include=bid,ask,spread",
  "interval=4h&format=json&limit=5000&price=ask&include=spread",
  "interval=1d&format=columns&limit=5000&include=bid,ask,spread",
] as const;

function pathsOf(symbol: string): string[] {
  return QUERIES.map((query) => `/ohlc?symbol=${symbol}&start=2020-01-01T00:00:00Z&${query}`);
}

async function ask(url: string, path: string): Promise<string> {
  const answer = await fetch(url + path);
  const text = await answer.text();
  if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${text}`);
  const format = new URL(path, url).searchParams.get("format") ?? "json";
  return linesOf(text, format as AnswerFormat); // As the queries above say it.
}

/** The value of a counter or gauge, summed over its labels; undefined for a service that has none of that name. */
export async function metricOf({ url }: TestService, name: string): Promise<number | undefined> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const values = [...text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, "gm"))].map(([, value]) =>
    Number(value),
  );
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0);
}

/** History that nobody writes while it is looked at: every replica must answer what plain SQL says. */
export class StillHistory {
  constructor(
    private readonly sql: postgres.Sql,
    private readonly replicas: readonly TestService[],
    private readonly symbol: string,
  ) {}

  /** Asks everything until it is answered from memory, by a system that answers so. */
  async warm(): Promise<void> {
    for (const replica of this.replicas) {
      await eventually(() => this.#isKeptBy(replica), { timeoutMs: 90_000, what: "answers to be kept in memory" });
    }
  }

  /** @returns in words what differs from plain SQL: nothing, when the system is right */
  async faults(): Promise<string[]> {
    const faults: string[] = [];
    for (const path of pathsOf(this.symbol)) {
      for (const replica of this.replicas) faults.push(...(await this.#faultsAt(replica, path)));
    }
    return faults;
  }

  async #isKeptBy(replica: TestService): Promise<boolean> {
    const before = await metricOf(replica, "ohlc_cache_hits_total");
    for (const path of pathsOf(this.symbol)) await ask(replica.url, path);
    return before === undefined || ((await metricOf(replica, "ohlc_cache_hits_total")) ?? 0) > before;
  }

  /** A refresh may come between the two: then both are read again. */
  async #faultsAt({ url }: TestService, path: string): Promise<string[]> {
    for (;;) {
      const before = await this.#expected(path);
      const found = await ask(url, path);
      if (before === found) return [];
      if (before === (await this.#expected(path))) return [`${path} at ${url}\nexpected ${before}\nfound ${found}`];
    }
  }

  async #expected(path: string): Promise<string> {
    const state = await plainState(this.sql, this.symbol);
    const format = new URL(path, "http://localhost").searchParams.get("format") ?? "json";
    const { rows } = expectedAnswer(questionOf(path), { number: 0, state: () => state }, Date.now());
    return expectedLines(rows, format as AnswerFormat); // As the queries above say it.
  }
}
