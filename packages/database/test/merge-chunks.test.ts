import { eventually } from "@fx-ohlc/embedded";
import { type Micros, type Tick, US_PER_DAY, US_PER_HOUR, US_PER_MINUTE } from "@fx-ohlc/schemas";
import { mergeChunks } from "../src/merge-chunks.js";
import { history, Keeper } from "./keeper.js";

const DAYS = 60;

let keeper: Keeper;
afterEach(() => keeper.close());

/** Sixty days of two symbols in chunks of a day, every third one compressed. */
async function openWithHistory(): Promise<Keeper> {
  const opened = await Keeper.open({ chunkDays: 1 });
  await opened.store(history(opened.nowUs, DAYS, 0, 3 * US_PER_HOUR));
  opened.startWorker();
  await opened.refreshed();
  if (opened.onTimescaleDb) {
    await opened.sql`
      select count(compress_chunk(chunk))
        from (select chunk, row_number() over (order by chunk::oid) as place from show_chunks('ticks') chunk) chunks
       where place % 3 = 0 and place < ${DAYS - 5}`;
  }
  await opened.migrate({ chunkDays: 7 });
  return opened;
}

type Row = Omit<Tick, "seq">;

async function storedTicks(): Promise<Row[]> {
  const rows = await keeper.sql<Row[]>`select symbol, time as "timeUs", price from ticks order by symbol, time`;
  return [...rows];
}

async function chunkDays(): Promise<number[]> {
  const chunks = await keeper.sql<{ fromUs: Micros; toUs: Micros }[]>`
    select from_time as "fromUs", to_time as "toUs" from tick_chunks_now order by from_time`;
  return chunks.map(({ fromUs, toUs }) => (toUs - fromUs) / US_PER_DAY);
}

/** What the bars of a level must be, from the ticks. */
function countsOf(ticks: readonly Row[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { symbol, timeUs } of ticks) {
    const key = `${symbol} ${Math.floor(timeUs / US_PER_HOUR)}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

test("old chunks become weeks while ticks come late, are read and corrected, and nothing is lost or taken for dropped", async () => {
  keeper = await openWithHistory();
  if (!keeper.onTimescaleDb) return;
  let isOver = false;
  const late: Row[] = [];
  const writing = (async () => {
    for (let place = 0; !isOver; place += 1) {
      const timeUs = keeper.nowUs - (3 + (place % (DAYS - 4))) * US_PER_DAY + place * US_PER_MINUTE;
      const tick = { symbol: "LATE", timeUs, price: 1 + place };
      await keeper.store([tick]);
      late.push(tick);
    }
  })();
  const before = (await storedTicks()).filter(({ symbol }) => symbol !== "LATE");
  const reading = (async () => {
    while (!isOver) expect((await storedTicks()).filter(({ symbol }) => symbol !== "LATE")).toEqual(before);
  })();
  await mergeChunks({ url: keeper.url });
  isOver = true;
  await Promise.all([writing, reading]);
  await keeper.refreshed();
  const ticks = await storedTicks();
  expect(ticks).toHaveLength(before.length + late.length);
  const hours = (await keeper.bars()).filter(({ level }) => level === "hour");
  const counts = new Map(hours.map((bar) => [`${bar.symbol} ${bar.bucket / US_PER_HOUR}`, bar.tick_count]));
  expect(counts).toEqual(countsOf(ticks));
  expect((await chunkDays()).filter((days) => days === 7).length).toBeGreaterThanOrEqual(7);
  expect(await keeper.mark()).toEqual({ droppedBeforeUs: 0, wholeFromUs: 0 });
  expect(keeper.notices).toEqual([]);
});

test("a merge that ends in the middle goes on when it is run again, and a third run finds nothing to do", async () => {
  keeper = await openWithHistory();
  if (!keeper.onTimescaleDb) return;
  const [ticks, bars] = [await storedTicks(), await keeper.bars()];
  const merging = mergeChunks({ url: keeper.url });
  merging.catch(() => {});
  await eventually(async () => (await chunkDays()).includes(7));
  await keeper.sql`select pg_terminate_backend(pid) from pg_stat_activity
                    where application_name = 'fx-migrate' and datname = current_database()`;
  await expect(merging).rejects.toThrow();
  expect(await chunkDays()).toContain(1);
  expect(await storedTicks()).toEqual(ticks);
  const lines: string[] = [];
  await mergeChunks({ url: keeper.url });
  await mergeChunks({ url: keeper.url, log: (line) => lines.push(line) });
  expect(lines).toEqual([expect.stringMatching(/^0 chunks were merged into others: \d+ are left$/)]);
  expect(await storedTicks()).toEqual(ticks);
  expect(await keeper.bars()).toEqual(bars);
});

test("ticks that expire in a chunk of a week are neither accepted nor counted any more, though they are still there", async () => {
  keeper = await Keeper.open({ chunkDays: 7, retentionDays: 0 });
  await keeper.store(history(keeper.nowUs, 30, 0, 3 * US_PER_HOUR));
  keeper.startWorker();
  await keeper.refreshed();
  const bars = await keeper.bars();
  await keeper.migrate({ retentionDays: 10 });
  const markUs = Math.floor(keeper.nowUs / US_PER_DAY - 10) * US_PER_DAY;
  await eventually(async () => (await keeper.mark()).wholeFromUs === markUs);
  await eventually(async () => ((await keeper.oldestTick()) ?? 0) >= markUs - 7 * US_PER_DAY);
  expect(await keeper.bars()).toEqual(bars);
});
