import { formatTime } from "@fx-ohlc/schemas";
import { eventually, type TestService } from "@fx-ohlc/testkit";
import { shuffled } from "../src/chunks.js";
import { seededRandom } from "../src/random.js";
import { type StoredTick, storedTicks } from "../src/stored.js";
import { System } from "../src/system.js";

const TICKS = 120_000;
const TICKS_PER_REQUEST = 1000;
const IMPORTERS = 4;
const SYMBOL = "EURUSD";
const YEAR_START_US = Date.UTC(2024, 0, 1) * 1000;
const YEAR_US = 365 * 86_400_000_000;
/** Each importer begins where the one before it has this much left: both send that. */
const SHARED = 0.1;
const OUTAGE_MAX_MS = 60_000;
const DEAD_SHARE_MAX = 0.01;

/** A year's ticks in order, every twentieth at the stamp of the one before it, numbered within it. */
function yearOfTicks(): StoredTick[] {
  const stepUs = Math.floor(YEAR_US / TICKS / 1000) * 1000;
  return Array.from({ length: TICKS }, (_, index) => {
    const isSecond = index % 20 === 19;
    return {
      time: formatTime(YEAR_START_US + (isSecond ? index - 1 : index) * stepUs),
      seq: isSecond ? 1 : 0,
      price: 1 + (index % 997) / 1000,
    };
  });
}

function bodiesOf(ticks: readonly StoredTick[]): string[] {
  const bodies: string[] = [];
  for (let at = 0; at < ticks.length; at += TICKS_PER_REQUEST) {
    const rows = ticks.slice(at, at + TICKS_PER_REQUEST).map((tick) => ({ symbol: SYMBOL, ...tick }));
    bodies.push(JSON.stringify(rows));
  }
  return bodies;
}

describe("four importers of one shuffled year", () => {
  let system: System;
  let ingests: TestService[];

  beforeAll(async () => {
    system = await System.create();
    ingests = await Promise.all([system.start("tick-ingest"), system.start("tick-ingest")]);
  });

  afterAll(() => system.stop());

  const urlOf = (importer: number) => ingests[importer % ingests.length]?.url ?? "";

  /** Sends bodies one after the other, each until it is stored. Given up in the middle of a request when `signal` says so. */
  async function send(
    importer: number,
    bodies: readonly string[],
    { signal, onStored }: { readonly signal?: AbortSignal; onStored?(): void } = {},
  ): Promise<void> {
    const headers = { "Content-Type": "application/json" };
    for (const body of bodies) {
      const isStored = async () => {
        if (signal?.aborted === true) return true;
        const answer = await fetch(`${urlOf(importer)}/ticks/bulk`, {
          ...{ method: "POST", headers, body },
          ...(signal === undefined ? {} : { signal }),
        });
        await answer.text();
        if (answer.status >= 400 && answer.status < 500) throw new Error(`refused with ${answer.status}`);
        return answer.status === 201;
      };
      try {
        await eventually(isStored, { timeoutMs: OUTAGE_MAX_MS, what: "a request to be stored" });
      } catch (error) {
        if (signal?.aborted !== true) throw error;
      }
      if (signal?.aborted === true) return;
      onStored?.();
    }
  }

  async function insertedRows(): Promise<number> {
    const [row] = await system.sql<{ inserted: string }[]>`
      select sum(n_tup_ins) as inserted from pg_stat_all_tables
       where relid = 'ticks'::regclass or relid in (select inhrelid from pg_inherits where inhparent = 'ticks'::regclass)`;
    return Number(row?.inserted ?? 0);
  }

  it("two of which are killed and start again, and a replay of all, leave what one ordered import leaves", async () => {
    const year = yearOfTicks();
    const mixed = shuffled(year, seededRandom(7));
    const share = TICKS / IMPORTERS;
    const parts = Array.from({ length: IMPORTERS }, (_, importer) =>
      bodiesOf(mixed.slice(importer * share, Math.min(TICKS, (importer + 1 + SHARED) * share))),
    );
    await Promise.all(
      parts.map(async (bodies, importer) => {
        if (importer % 2 === 0) return send(importer, bodies);
        const aborter = new AbortController();
        let stored = 0;
        const onStored = () => {
          stored += 1;
        };
        const killed = send(importer, bodies, { signal: aborter.signal, onStored });
        // The next one is under way then.
        await eventually(() => stored >= bodies.length / 3, { timeoutMs: OUTAGE_MAX_MS, what: "a third to be stored" });
        aborter.abort();
        await killed;
        expect(stored).toBeLessThan(bodies.length);
        await send(importer, bodies);
      }),
    );
    expect(await storedTicks(system.sql, SYMBOL)).toEqual(year);
    // Everything once more, in order and mixed.
    await Promise.all([send(0, bodiesOf(year)), send(1, bodiesOf(mixed))]);
    expect(await storedTicks(system.sql, SYMBOL)).toEqual(year);
    const isCounted = async () => (await insertedRows()) >= TICKS;
    await eventually(isCounted, { what: "the server to have counted the rows that were inserted" });
    expect((await insertedRows()) / TICKS).toBeLessThan(1 + DEAD_SHARE_MAX);
  });
});
