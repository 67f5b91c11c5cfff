import { formatTime, parseTime } from "@fx-ohlc/schemas";
import { eventually } from "@fx-ohlc/testkit";
import type { EventOf, Place } from "../event.js";
import { type Facts, horizonUs, iso } from "../facts.js";
import { type Life, SYMBOLS } from "../life.js";
import type { SentTick } from "../model.js";
import { resolve } from "../places.js";

export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** One that may have come after a try that was answered "later" or not at all, and whose work was done nevertheless. */
export interface PatientAnswer extends Answer {
  readonly isRepeated: boolean;
}

/** Longer than the database is away for anything that happens in a life, ms. */
const ANSWERED_MS = 20_000;
/** An answer from a killed process never comes, ms. */
const ANSWER_TIMEOUT_MS = 10_000;

async function ask(url: string, init: RequestInit): Promise<Answer> {
  const answer = await fetch(url, { ...init, signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) });
  return { status: answer.status, text: await answer.text() };
}

/** Asks tick-ingest, again where it says "later" or says nothing, as every producer does. */
export async function askPatiently(life: Life, path: string, init: RequestInit): Promise<PatientAnswer> {
  const { url } = life.system.services.ingest;
  let tries = 0;
  const once = async () => {
    tries += 1;
    const answer = await ask(`${url}${path}`, init);
    return answer.status === 503 ? undefined : { ...answer, isRepeated: tries > 1 };
  };
  return eventually(once, { timeoutMs: ANSWERED_MS, what: `${init.method ?? "GET"} ${path} to be answered` });
}

function isTooOld({ status, text }: Answer): boolean {
  return status === 422 && text.includes("older_than_retention");
}

/** Whether ticks, or what is corrected, must be refused as too old: the horizon moves while it is asked for. */
export function mustBe(oldestUs: number, before: Facts, after: Facts): "accepted" | "refused" | "either" {
  if (oldestUs >= horizonUs(after)) return "accepted";
  return oldestUs < horizonUs(before) ? "refused" : "either";
}

/** @returns whether it was refused as too old, which is noted as a fault where it must not be, and the other way round */
export function judge(
  life: Life,
  what: string,
  oldestUs: number,
  answer: Answer,
  before: Facts,
  after: Facts,
): boolean {
  const isRefused = isTooOld(answer);
  const must = mustBe(oldestUs, before, after);
  const said = `${what}, oldest ${iso(oldestUs)}, horizon ${iso(horizonUs(before))}: ${answer.status} ${answer.text}`;
  if (isRefused ? must === "accepted" : must === "refused") life.faults.push(`must be ${must}: ${said}`);
  return isRefused;
}

function init(ticks: readonly SentTick[]): RequestInit {
  const rows = ticks.map(({ timeUs, ...tick }) => ({ ...tick, time: formatTime(timeUs) }));
  const body = JSON.stringify(rows.length === 1 ? rows[0] : rows);
  return { method: "POST", headers: { "content-type": "application/json" }, body };
}

const pathFor = (ticks: readonly SentTick[]) => (ticks.length === 1 ? "/ticks" : "/ticks/bulk");

/** How far ahead of the database's clock a tick may be, µs. */
const AHEAD_MAX_US = 300_000_000;

/**
 * Sends ticks as one request, and holds the answer against the model.
 *
 * @param isRepeated it was sent before without an answer: what is new is new by one of the two
 */
export async function send(life: Life, ticks: readonly SentTick[], isRepeated = false): Promise<void> {
  const times = ticks.map(({ timeUs }) => timeUs);
  const before = await life.facts();
  const answer = await askPatiently(life, pathFor(ticks), init(ticks));
  const after = await life.facts();
  life.requests.push(ticks);
  const what = `${ticks.length} ticks of ${ticks[0]?.symbol}`;
  if (Math.max(...times) > after.nowUs + AHEAD_MAX_US) {
    if (answer.status !== 422) life.faults.push(`${what} are of the future: ${answer.status} ${answer.text}`);
  } else if (!judge(life, what, Math.min(...times), answer, before, after)) {
    if (answer.status === 201) place(life, what, ticks, answer, isRepeated || answer.isRepeated);
    else life.faults.push(`${what}: ${answer.status} ${answer.text}`);
  }
}

function place(life: Life, what: string, ticks: readonly SentTick[], { text }: Answer, isRepeated = false): void {
  const placed = life.model.post(ticks);
  if (!placed.ok) {
    life.faults.push(`${what} must be a conflict: ${text}`);
    return;
  }
  life.noteCreated(placed.created);
  const { created, duplicate } = JSON.parse(text) as { created?: number; duplicate?: boolean };
  const stored = created ?? (duplicate === true ? 0 : 1);
  const isRight = stored === placed.created.length || (isRepeated && stored === 0);
  if (!isRight) life.faults.push(`${what}: ${placed.created.length} are new: ${text}`);
}

/** Ticks at some places, in the order of time as a producer has them. */
export async function ticksAt(
  life: Life,
  symbol: number,
  places: readonly Place[],
  prices: readonly number[],
): Promise<SentTick[]> {
  const facts = await life.facts();
  const name = SYMBOLS[symbol] ?? SYMBOLS[0];
  return places.map((place, index) => ({
    symbol: name,
    timeUs: resolve(life, facts, place),
    price: prices[index] ?? 1,
  }));
}

export async function post(life: Life, { symbol, places, prices }: EventOf<"post">): Promise<void> {
  await send(life, await ticksAt(life, symbol, places, prices));
}

/** Several ticks of one stamp. */
export async function postRun(life: Life, { symbol, place, prices }: EventOf<"post-run">): Promise<void> {
  const [only] = await ticksAt(life, symbol, [place], prices);
  if (only !== undefined)
    await send(
      life,
      prices.map((price) => ({ ...only, price })),
    );
}

/** A request that was sent before, in this or in an earlier life of the database. */
export async function replay(life: Life, { pick }: EventOf<"replay">): Promise<void> {
  const ticks = life.requests[Math.floor(pick * life.requests.length)];
  if (ticks !== undefined) await send(life, ticks);
}

/** What a busy machine makes of a look at the database's clock, µs. */
const STAMP_TOLERANCE_US = 250_000;

/** A tick without a time gets that of the database's clock, wherever it or the service's own was before. */
export async function postNow(life: Life, { symbol, price }: EventOf<"post-now">): Promise<void> {
  const name = SYMBOLS[symbol] ?? SYMBOLS[0];
  const before = await life.facts();
  const sentUs = life.system.nowUs();
  const body = JSON.stringify({ symbol: name, price });
  const headers = { "content-type": "application/json" };
  const answer = await askPatiently(life, "/ticks", { method: "POST", headers, body });
  const answeredUs = life.system.nowUs();
  const after = await life.facts();
  if (judge(life, "a tick of now", sentUs, answer, before, after)) return;
  const { time } = JSON.parse(answer.text) as { time?: string };
  const timeUs = parseTime(time) ?? Number.NaN;
  const isOfNow = timeUs >= sentUs - STAMP_TOLERANCE_US && timeUs <= answeredUs + STAMP_TOLERANCE_US;
  if (!isOfNow) life.faults.push(`a tick sent at ${iso(sentUs)} got ${answer.text}`);
  if (answer.status !== 201) return;
  place(life, "a tick of now", [{ symbol: name, timeUs, price }], answer);
  if (answer.isRepeated) {
    // Each try that was stored got a stamp of its own.
    const { sql } = life.system.database;
    const from = formatTime(sentUs - STAMP_TOLERANCE_US);
    const stored = await sql<{ us: string }[]>`
      select (extract(epoch from time) * 1000000)::bigint::text as us
        from ticks where symbol = ${name} and price = ${price} and time >= ${from}::timestamptz`;
    for (const { us } of stored) noteStored(life, [{ symbol: name, timeUs: Number(us), price }]);
  }
}

/**
 * A writer is killed on the way, comes back, and what was not answered is sent once more: whether it was stored the first time
 * or not, it is stored once. Where retention has passed over it meanwhile, the database says which it was.
 */
export async function killWriter(life: Life, event: EventOf<"kill-writer">): Promise<void> {
  const ticks = onePerStamp(await ticksAt(life, event.symbol, event.places, []));
  const { ingest } = life.system.services;
  const unanswered = ask(`${ingest.url}${pathFor(ticks)}`, init(ticks)).catch(() => undefined);
  // Chance decides how far it comes.
  await new Promise((done) => setTimeout(done, event.afterMs));
  await life.system.killIngest();
  const answer = await unanswered;
  await ingest.start();
  if (answer?.status === 201) noteStored(life, ticks);
  await send(life, ticks, true);
  if (await areStored(life, ticks)) noteStored(life, ticks);
}

function noteStored(life: Life, ticks: readonly SentTick[]): void {
  const placed = life.model.post(ticks);
  if (placed.ok) life.noteCreated(placed.created);
}

function onePerStamp(ticks: readonly SentTick[]): SentTick[] {
  return [...new Map(ticks.map((tick) => [tick.timeUs, tick])).values()];
}

async function areStored(life: Life, ticks: readonly SentTick[]): Promise<boolean> {
  const { sql } = life.system.database;
  for (const { symbol, timeUs, price } of ticks) {
    const found = await sql`
      select 1 from ticks where symbol = ${symbol} and time = ${formatTime(timeUs)}::timestamptz and price = ${price}`;
    if (found.length === 0) return false;
  }
  return true;
}
