import { join } from "node:path";
import { GuardedProcess } from "@fx-ohlc/embedded";
import { formatTime, type Micros, nowUs, parseTime } from "@fx-ohlc/schemas";
import { authorization } from "./local-keys.js";
import { nodeProcessSpec, ROOT, runToEnd } from "./node-process.js";
import { planSample, type StoredSample, shiftOf } from "./sample-plan.js";
import { SAMPLE_WEEK, shiftArgument } from "./sample-week.js";

const SYMBOL = "EURUSD";
/** What an earlier version stored the two sides as. */
const PAIR: ReadonlySet<string> = new Set(["EURUSD.BID", "EURUSD.ASK"]);

/** A read of a system that has just started, ms. */
const REQUEST_TIMEOUT_MS = 10_000;

export interface SampleOptions {
  /** The edge. */
  readonly url: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly logs: string;
  /** Where the import remembers how far it came. */
  readonly stateDir: string;
  readonly signal: AbortSignal;
  say(line: string): void;
}

interface StoredSymbol {
  symbol: string;
  first_tick: string | null;
}

/**
 * Loads the sample week through the public API, with the same command a user has, unless it is there already or something else
 * is in its place. One that was interrupted goes on with the shift it was begun with.
 *
 * @throws Error when the import fails
 */
export async function loadSample(options: SampleOptions): Promise<void> {
  const plan = planSample(await storedSample(options), nowUs(), options.url);
  if (plan.shiftUs === undefined) {
    if (plan.reason !== undefined) options.say(plan.reason);
    return;
  }
  const [from, to] = [SAMPLE_WEEK.firstUs, SAMPLE_WEEK.lastUs].map((us) => formatTime(us + plan.shiftUs));
  options.say(`loading the sample week as ${from} to ${to} (${SAMPLE_WEEK.quotes} quotes of ${SYMBOL}) …`);
  await importSample(plan.shiftUs, options);
}

async function storedSample(options: SampleOptions): Promise<StoredSample> {
  const symbols = await rows<StoredSymbol>(options, `/symbols?prefix=${SYMBOL}`);
  const firstOf = (isWanted: (symbol: string) => boolean) =>
    parseTime(symbols.find(({ symbol, first_tick }) => first_tick !== null && isWanted(symbol))?.first_tick);
  const pairFirstUs = firstOf((symbol) => PAIR.has(symbol));
  const timeUs = firstOf((symbol) => symbol === SYMBOL);
  if (timeUs === undefined) return { first: undefined, hasEnd: false, pairFirstUs };
  const [first] = await ticksAt(options, timeUs);
  const shiftUs = shiftOf(timeUs);
  const hasEnd = shiftUs !== undefined && (await ticksAt(options, SAMPLE_WEEK.lastUs + shiftUs)).length > 0;
  return { first: { timeUs, isQuote: first?.bid !== undefined }, hasEnd, pairFirstUs };
}

function ticksAt(options: SampleOptions, us: Micros): Promise<{ bid?: number }[]> {
  return rows(options, `/ticks?symbol=${SYMBOL}&start=${formatTime(us)}&end=${formatTime(us + 1)}`);
}

async function rows<Row>({ url, env }: SampleOptions, path: string): Promise<Row[]> {
  const signal = AbortSignal.timeout(REQUEST_TIMEOUT_MS);
  const answer = await fetch(url + path, { signal, headers: authorization(env) });
  if (!answer.ok) throw new Error(`GET ${path} answered ${answer.status}`);
  return (await answer.json()) as Row[]; // Our own service's contract.
}

async function importSample(shiftUs: Micros, options: SampleOptions): Promise<void> {
  const { url, env, logs, stateDir, signal, say } = options;
  const where = ["--symbol", SYMBOL, "--shift", shiftArgument(shiftUs), "--url", url];
  const spec = nodeProcessSpec({
    name: `import-${SYMBOL}`,
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
