import { join } from "node:path";
import { GuardedProcess } from "@fx-ohlc/embedded";
import { formatTime, type Micros, nowUs, parseTime } from "@fx-ohlc/schemas";
import { authorization } from "./local-keys.js";
import { nodeProcessSpec, ROOT, runToEnd } from "./node-process.js";
import { isSampleShift, SAMPLE_WEEK, sampleShiftUs, shiftArgument } from "./sample-week.js";

/**
 * What is stored of each quote. EURUSD is the middle of bid and ask, exact with its sixth digit, because the two sides have
 * symbols of their own, and what lies between them is what both sides agree on. The last one tells whether all are there.
 */
const SERIES = [
  { symbol: "EURUSD", price: "mid" },
  { symbol: "EURUSD.BID", price: "bid" },
  { symbol: "EURUSD.ASK", price: "ask" },
] as const;
const LAST_SYMBOL = "EURUSD.ASK";

/** `GET /symbols` on a system that has just started, ms. */
const REQUEST_TIMEOUT_MS = 10_000;

export interface SampleOptions {
  /** The edge. */
  readonly url: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly logs: string;
  /** Where the imports remember how far they came. */
  readonly stateDir: string;
  readonly signal: AbortSignal;
  say(line: string): void;
}

interface StoredSymbol {
  symbol: string;
  first_tick: string | null;
  last_tick: string | null;
}

/**
 * Loads the sample week through the public API, with the same command a user has, unless it is there already. One that was
 * interrupted goes on with the shift it was begun with.
 *
 * @throws Error when an import fails
 */
export async function loadSample(options: SampleOptions): Promise<void> {
  const stored = (await Promise.all(SERIES.map(({ symbol }) => storedSymbol(options, symbol)))).flat();
  if (isComplete(stored)) return;
  const shiftUs = begunShiftUs(stored) ?? sampleShiftUs(nowUs());
  const [from, to] = [SAMPLE_WEEK.firstUs + shiftUs, SAMPLE_WEEK.lastUs + shiftUs].map(formatTime);
  options.say(`loading the sample week as ${from} to ${to} (${SERIES.length} x ${SAMPLE_WEEK.quotes} ticks) …`);
  for (const { symbol, price } of SERIES) await importSeries(symbol, price, shiftUs, options);
}

/** Of the symbols that begin with this one it comes first itself. */
async function storedSymbol({ url, env }: SampleOptions, symbol: string): Promise<StoredSymbol[]> {
  const signal = AbortSignal.timeout(REQUEST_TIMEOUT_MS);
  const answer = await fetch(`${url}/symbols?prefix=${symbol}&limit=1`, { signal, headers: authorization(env) });
  if (!answer.ok) throw new Error(`GET /symbols answered ${answer.status}`);
  return (await answer.json()) as StoredSymbol[]; // Our own service's contract.
}

function isComplete(stored: readonly StoredSymbol[]): boolean {
  const last = stored.find(({ symbol }) => symbol === LAST_SYMBOL);
  if (!last) return false;
  const shiftUs = (parseTime(last.first_tick) ?? 0) - SAMPLE_WEEK.firstUs;
  return isSampleShift(shiftUs) && (parseTime(last.last_tick) ?? 0) >= SAMPLE_WEEK.lastUs + shiftUs;
}

/** The shift of a load that was interrupted. */
function begunShiftUs(stored: readonly StoredSymbol[]): Micros | undefined {
  const first = stored.find(({ symbol }) => symbol === SERIES[0].symbol);
  if (!first) return undefined;
  const shiftUs = (parseTime(first.first_tick) ?? 0) - SAMPLE_WEEK.firstUs;
  return isSampleShift(shiftUs) ? shiftUs : undefined;
}

async function importSeries(symbol: string, price: string, shiftUs: Micros, options: SampleOptions): Promise<void> {
  const { url, env, logs, stateDir, signal, say } = options;
  const where = ["--symbol", symbol, "--price", price, "--shift", shiftArgument(shiftUs), "--url", url];
  const spec = nodeProcessSpec({
    name: `import-${symbol}`,
    script: "packages/cli/bin/fx-ticks.mjs",
    args: ["import", join(ROOT, SAMPLE_WEEK.file), ...where],
    env: { ...env, XDG_STATE_HOME: stateDir },
    logs,
    onLine: (line) => say(`  ${line}`),
  });
  const process = new GuardedProcess(spec);
  signal.throwIfAborted();
  const stop = (): void => void process.stop();
  signal.addEventListener("abort", stop, { once: true });
  await runToEnd(process).finally(() => signal.removeEventListener("abort", stop));
}
