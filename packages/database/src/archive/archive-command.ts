import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { CodingThread } from "@fx-ohlc/archive";
import type { TimeRange } from "@fx-ohlc/schemas";
import { type EnvReader, readEnv, repeat } from "@fx-ohlc/service-kit";
import type { Leadership } from "../leadership.js";
import { mergeOptions } from "../migrate-options.js";
import type { Sql } from "../sql.js";
import { parseBound } from "../verify-options.js";
import { ArchivePass } from "./archive-pass.js";
import { withArchiveSessions } from "./archive-worker.js";
import { initArchive } from "./init-archive.js";
import { Pace } from "./pace.js";
import { ARCHIVE_RULES, BY_HAND_S } from "./rules.js";
import { openArchive, readArchivePlace } from "./store-options.js";
import { verifyArchive } from "./verify-archive.js";

const USAGE = "fx-migrate archive [--init [--if-new]] [--start T] [--end T]";
const TELL_EVERY_MS = 2000;
const TURN_POLL_MS = 500;

type Log = (line: string) => void;

const readOptions = (env: EnvReader) => ({ ...mergeOptions(env), ...readArchivePlace(env) });

/** What `fx-migrate archive` is asked. */
export interface ArchiveAsked extends TimeRange {
  readonly isInitialised: boolean;
  /** Who writes to a dataset that is there already stays as it is. */
  readonly isOnlyMade: boolean;
  readonly isArchived: boolean;
}

/** @throws Error that says what cannot be read */
export function archiveOptions(args: readonly string[]): ArchiveAsked {
  const { values } = parseArgs({
    args: [...args],
    options: {
      init: { type: "boolean", default: false },
      "if-new": { type: "boolean", default: false },
      start: { type: "string" },
      end: { type: "string" },
    },
  });
  const { init, "if-new": isOnlyMade, start, end } = values;
  if (isOnlyMade && !init) throw new Error(`--if-new goes with --init: ${USAGE}`);
  const range = {
    fromUs: start === undefined ? 0 : parseBound("start", start, USAGE),
    // Only the database knows which days have ended.
    toUs: end === undefined ? Number.POSITIVE_INFINITY : parseBound("end", end, USAGE),
  };
  if (range.fromUs >= range.toUs) throw new Error("--start must be before --end");
  const isArchived = !init || start !== undefined || end !== undefined;
  return { ...range, isInitialised: init, isOnlyMade, isArchived };
}

/** `fx-migrate archive`: makes the dataset, or archives the ended days of a range at once, as fast as it can. */
export async function archiveCommand(args: readonly string[], env: NodeJS.ProcessEnv, log: Log): Promise<void> {
  const asked = archiveOptions(args);
  const options = readEnv(env, readOptions);
  const store = await openArchive(options);
  const coder = new CodingThread();
  try {
    await withArchiveSessions(options.url, async ({ leadership, sql }) => {
      if (asked.isInitialised) await initArchive(sql, store, log, asked.isOnlyMade);
      if (!asked.isArchived) return;
      await byHand(sql, leadership, log, async () => {
        const progress = new Progress(log);
        const { signal } = new AbortController();
        const tools = { leadership, sql, store, coder, signal, rules: ARCHIVE_RULES, pace: new Pace(0, signal) };
        const pass = new ArchivePass({
          ...tools,
          notice: (message, fields) => log(`${message} ${JSON.stringify(fields)}`),
          onDay: ({ rows, bytes }) => progress.count(rows, bytes),
          onError: (error, day) =>
            log(
              `${day === undefined ? "" : `${day.symbol} ${day.date}: `}${error instanceof Error ? error.message : String(error)}`,
            ),
        });
        await pass.listEnded(() => sleep(TURN_POLL_MS));
        const { archived, failed, days } = await pass.runByHand(asked);
        progress.tell();
        log(`${archived} days archived, ${failed} failed, ${days} wait`);
        if (failed > 0) throw new Error(`${failed} days could not be archived`);
      });
    });
  } finally {
    await Promise.all([coder.close(), store.close()]);
  }
}

/** `fx-migrate verify --archive`. @returns how much is wrong */
export async function verifyArchiveCommand(
  asked: TimeRange & { readonly symbol: string | undefined },
  env: NodeJS.ProcessEnv,
  log: Log,
): Promise<number> {
  const options = readEnv(env, readOptions);
  const store = await openArchive(options);
  const coder = new CodingThread();
  try {
    return await withArchiveSessions(options.url, ({ sql }) => verifyArchive({ ...asked, sql, store, coder, log }));
  } finally {
    await Promise.all([coder.close(), store.close()]);
  }
}

/** Takes the office from the service, which gives it up within seconds when it is told of it. */
async function byHand(sql: Sql, leadership: Leadership, log: Log, work: () => Promise<void>): Promise<void> {
  const claim = () =>
    sql`update archive_state set by_hand_until = fx_clock() + ${BY_HAND_S}::int * interval '1 second'`;
  await claim();
  const stopClaiming = repeat((BY_HAND_S * 1000) / 3, () => claim().catch(() => {}));
  try {
    for (let looks = 0; !(await leadership.tryLead()); looks += 1) {
      if (looks === 4) log("another process archives: waiting until it lets go");
      await sleep(TURN_POLL_MS);
    }
    await work();
  } finally {
    await stopClaiming();
    await sql`update archive_state set by_hand_until = null`;
  }
}

class Progress {
  private days = 0;
  private rows = 0;
  private bytes = 0;
  private toldAtMs = performance.now();
  private readonly startedAtMs = performance.now();

  constructor(private readonly log: Log) {}

  count(rows: number, bytes: number): void {
    this.days += 1;
    this.rows += rows;
    this.bytes += bytes;
    if (performance.now() - this.toldAtMs > TELL_EVERY_MS) this.tell();
  }

  tell(): void {
    this.toldAtMs = performance.now();
    const perS = Math.round((this.rows * 1000) / (this.toldAtMs - this.startedAtMs));
    this.log(`${this.days} days, ${this.rows} ticks, ${(this.bytes / 1e6).toFixed(1)} MB, ${perS} ticks a second`);
  }
}
