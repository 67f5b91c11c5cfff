import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { eventually } from "@fx-ohlc/testkit";
import { Command, temporaryDirectory } from "./command.js";
import { startWriteSide, type WriteSide } from "./write-side.js";

let side: WriteSide;
let folder: ReturnType<typeof temporaryDirectory>;

/** A machine that is busy with other tests takes its time. */
jest.setTimeout(180_000);

/**
 * A library of ccxt's shape whose exchanges say what is scripted: a list of answers of a call, or of names of errors. The real one is
 * tried by `npm run clients`.
 */
const LIBRARY = `
class BaseError extends Error {}
const errors = {};
for (const name of ["NetworkError", "AuthenticationError", "BadSymbol", "NotSupported"]) errors[name] = class extends BaseError {};
const steps = {};
class Scripted {
  constructor(options) { Object.assign(this, options); this.newUpdates = true; }
  get has() { return Object.fromEntries(Object.keys(this.script).map((call) => [call, true])); }
  async loadMarkets() { return Object.fromEntries(this.markets.map((symbol) => [symbol, {}])); }
  async close() { this.closed = true; }
}
for (const call of ["watchBidsAsks", "watchTicker", "watchTradesForSymbols", "fetchTicker"])
  Scripted.prototype[call] = async function (wanted) {
    const answers = this.script[call];
    const key = call + wanted;
    const step = (steps[key] = (steps[key] ?? 0) + 1);
    const answer = answers[step - 1];
    if (answer === undefined) return new Promise(() => {});
    if (typeof answer === "string") throw new errors[answer](answer + " as scripted");
    return call === "watchBidsAsks" ? Object.fromEntries(wanted.map((symbol) => [symbol, answer[symbol]])) : answer;
  };
module.exports = { exchanges: ["scripted"], pro: { scripted: class extends Scripted {} }, ...errors };
`;

beforeAll(async () => {
  side = await startWriteSide();
});
beforeEach(() => {
  folder = temporaryDirectory();
});
afterEach(() => folder.remove());
afterAll(() => side?.stop());

function start(settings: object, ...flags: string[]): { command: Command; ended: ReturnType<Command["run"]> } {
  const library = join(folder.path, "fx-ohlc", "node_modules", "ccxt");
  mkdirSync(library, { recursive: true });
  writeFileSync(join(library, "index.js"), LIBRARY);
  const options = join(folder.path, "options.json");
  writeFileSync(options, JSON.stringify(settings));
  const command = new Command("feed", "ccxt:scripted", "--ccxt-options", options, "--url", side.url, ...flags);
  return { command, ended: command.run({ stateDirectory: "", environment: { XDG_DATA_HOME: folder.path } }) };
}

async function stored(symbol: string): Promise<string[]> {
  const rows = await side.sql<{ tick: string }[]>`
    select concat_ws(' ', to_char(time at time zone 'UTC', 'HH24:MI:SS.US'), coalesce(bid, price), ask) as tick
    from ticks where symbol = ${symbol} order by time, seq`;
  return rows.map(({ tick }) => tick);
}

/** 10:00:00.123 */
const TIMESTAMP = 1_764_928_800_123;

describe("fx-ticks feed ccxt", () => {
  it("streams best bids and asks, to the microsecond where the venue says it, and goes on after an error that passes", async () => {
    const quote = {
      symbol: "EUR/USD",
      timestamp: TIMESTAMP,
      bid: 1.1,
      ask: 1.2,
      info: { ts: "2025-12-05T10:00:00.123456Z" },
    };
    const known = { "EUR/USD": quote, "BTC/USDT": { symbol: "BTC/USDT", timestamp: TIMESTAMP, bid: 1e-7, ask: 2e-7 } };
    const settings = {
      markets: ["EUR/USD", "BTC/USDT"],
      script: {
        // Of each symbol by itself; only what is new is stored.
        watchBidsAsks: [known, "NetworkError", known, { ...known, "EUR/USD": { ...quote, bid: 1.11, info: {} } }],
        watchTicker: [],
      },
    };
    const { command, ended } = start(settings, "--symbols", "EUR/USD,BTC/USDT");
    await eventually(async () => (await stored("EURUSD")).length === 2);
    command.interrupt();
    const { exitCode, said } = await ended;
    expect(exitCode).toBe(0);
    expect(await stored("EURUSD")).toEqual(["10:00:00.123000 1.11 1.2", "10:00:00.123456 1.1 1.2"]);
    expect(await stored("BTCUSDT")).toEqual(["10:00:00.123000 1e-07 2e-07"]);
    expect(said.slice(1)).toEqual([
      "scripted by watchBidsAsks",
      "scripted: NetworkError as scripted; connecting again",
      "scripted is there again",
      expect.stringMatching(/^3 ticks sent in /),
    ]);
  });

  it("takes trades, each once by its id, and two of one stamp and price as two", async () => {
    const trade = (id: string, price: number) => ({ symbol: "ETH/USD", id, timestamp: TIMESTAMP, price });
    const script = {
      watchTradesForSymbols: [[trade("1", 5)], [trade("1", 5), trade("2", 5)], [trade("3", 6)]],
      watchBidsAsks: [],
    };
    const { command, ended } = start({ markets: ["ETH/USD"], script }, "--symbols", "ETH/USD", "--take", "trades");
    await eventually(async () => (await stored("ETHUSD")).length === 3);
    command.interrupt();
    expect((await ended).exitCode).toBe(0);
    expect(await stored("ETHUSD")).toEqual(["10:00:00.123000 5", "10:00:00.123000 5", "10:00:00.123000 6"]);
  });

  it("asks a venue that streams nothing, and takes the last price where there is no bid and ask", async () => {
    const ticker = (last: number, more = 0) => ({ symbol: "XAU/USD", timestamp: TIMESTAMP + more, last });
    const script = { fetchTicker: [ticker(4190), ticker(4190), ticker(4191, 1)] };
    const flags = ["--symbols", "XAU/USD", "--map", "XAU/USD=GOLD", "--every", "0.01"];
    const { command, ended } = start({ markets: ["XAU/USD"], script }, ...flags);
    await eventually(async () => (await stored("GOLD")).length === 2);
    command.interrupt();
    expect((await ended).exitCode).toBe(0);
    expect(await stored("GOLD")).toEqual(["10:00:00.123000 4190", "10:00:00.124000 4191"]);
  });

  it.each([
    [
      { markets: ["EUR/USD"], script: { watchBidsAsks: ["AuthenticationError"] } },
      "EUR/USD",
      "fx-ticks: scripted: AuthenticationError as scripted",
    ],
    [
      { markets: ["EUR/GBP", "EUR/USD"], script: {} },
      "EUR/XYZ",
      "fx-ticks: scripted has no EUR/XYZ; of EUR it has EUR/GBP, EUR/USD",
    ],
    [{ markets: ["EUR/USD"], script: {} }, "EUR/USD", "fx-ticks: scripted gives no prices that ccxt can bring"],
    [
      {},
      "EUR/USD,EUR_USD",
      "fx-ticks: EUR/USD and EUR_USD would both be stored as EURUSD: say --map EUR_USD=NAME for one of them",
    ],
    [
      {},
      "BTC/USDT:USDT/x",
      "fx-ticks: BTC/USDT:USDT/x cannot be the name of a symbol here: say --map BTC/USDT:USDT/x=NAME for it",
    ],
  ])("gives up where another attempt would fail as well: %j, %s", async (settings, symbols, message) => {
    const { exitCode, said } = await start(settings, "--symbols", symbols).ended;
    expect(exitCode).toBe(1);
    expect(said.at(-1)).toBe(message);
  });

  it("says the one command that installs ccxt where it is not, and which exchanges there are", async () => {
    const environment = { XDG_DATA_HOME: join(folder.path, "my data") };
    const absent = await new Command("feed", "ccxt:kraken", "--symbols", "EUR/USD").run({
      stateDirectory: "",
      environment,
    });
    expect(absent).toMatchObject({ exitCode: 1 });
    expect(absent.said).toEqual([
      `fx-ticks: this needs the library ccxt, which is not installed: npm install --prefix '${folder.path}/my data/fx-ohlc' ccxt`,
    ]);
    start({}, "--symbols", "EUR/USD").command.interrupt();
    const unknown = await new Command("feed", "ccxt:krakn", "--symbols", "EUR/USD").run({
      stateDirectory: "",
      environment: { XDG_DATA_HOME: folder.path },
    });
    expect(unknown.said).toEqual(["fx-ticks: ccxt knows no exchange krakn; it knows scripted"]);
  });
});
