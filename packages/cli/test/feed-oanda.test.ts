import { FxClient } from "@fx-ohlc/client";
import { eventually } from "@fx-ohlc/testkit";
import { Command, type Ended } from "./command.js";
import { type Answer, cutAfter, heartbeat, price, refusing, ScriptedVenue, streaming } from "./scripted-venue.js";
import { startWriteSide, type WriteSide } from "./write-side.js";

let side: WriteSide;
let venue: ScriptedVenue | undefined;

/** A machine that is busy with other tests takes its time. */
jest.setTimeout(180_000);

beforeAll(async () => {
  side = await startWriteSide();
});
afterEach(async () => {
  await venue?.stop();
  venue = undefined;
});
afterAll(() => side?.stop());

const TOKEN = "0123456789abcdef-fedcba9876543210";
const ACCOUNT = "101-004-1234567-001";

interface Running {
  readonly command: Command;
  readonly ended: Promise<Ended>;
  readonly venue: ScriptedVenue;
}

async function start(script: Answer[], ...flags: string[]): Promise<Running> {
  venue = await ScriptedVenue.start(...script);
  const where = ["--venue-url", venue.url, "--url", side.url];
  const command = new Command("feed", "oanda", "--account", ACCOUNT, ...where, ...flags);
  return { command, venue, ended: command.run({ stateDirectory: "", environment: { OANDA_TOKEN: `${TOKEN}\n` } }) };
}

/** Ticks of a symbol in their order: microseconds within their second, bid and ask. */
async function stored(symbol: string): Promise<string[]> {
  const rows = await side.sql<{ tick: string }[]>`
    select to_char(time at time zone 'UTC', 'HH24:MI:SS.US') || ' ' || bid || ' ' || ask as tick
    from ticks where symbol = ${symbol} order by time, seq`;
  return rows.map(({ tick }) => tick);
}

const at = (time: string) => `2026-11-27T${time}Z`;

describe("fx-ticks feed oanda", () => {
  it("stores quotes with the venue's own times and prices, a new connection's repetitions once, and ends with the last ticks", async () => {
    const first = price("EUR_USD", at("10:00:00.123456789"), "1.15901", "1.15917");
    const { command, ended, venue } = await start(
      [
        cutAfter(first, heartbeat, price("EUR_USD", at("10:00:00.123456789"), "1.15902", "1.15918")),
        streaming(
          price("EUR_USD", at("10:00:00.123456789"), "1.15902", "1.15918"),
          // Back in time, as it happens at a venue of several machines.
          price("EUR_USD", at("10:00:00.000100000"), "1.15900", "1.15916"),
          price("XAU_USD", at("10:00:01.5"), "4190.105", "4190.615"),
          price("EUR_USD", at("21:59:59.9"), "1.1", "1.2", { tradeable: false, status: "non-tradeable" }),
        ),
      ],
      ...["--symbols", "EUR/USD,XAU_USD", "--map", "XAU/USD=GOLD"],
    );
    await eventually(async () => (await stored("GOLD")).length === 1);
    venue.streams.at(-1)?.send(price("EUR_USD", at("10:00:02.000001"), "1.15903", "1.15919"));
    command.interrupt();
    const { exitCode, said } = await ended;
    expect(exitCode).toBe(0);
    const eurusd = await stored("EURUSD");
    expect(eurusd.slice(0, 3)).toEqual(
      ["10:00:00.0001 1.159 1.15916", "10:00:00.123456 1.15901 1.15917", "10:00:00.123456 1.15902 1.15918"].map(
        (tick) => tick.replace(".0001 ", ".000100 "),
      ),
    );
    expect(await stored("GOLD")).toEqual(["10:00:01.500000 4190.105 4190.615"]);
    expect(said).toEqual([
      `feeding EUR_USD as EURUSD, XAU_USD as GOLD from OANDA to ${side.url}; Ctrl-C stops`,
      expect.stringMatching(/^OANDA: .+; connecting again$/),
      "OANDA is there again",
      expect.stringMatching(/^[45] ticks sent in /),
    ]);
    const [{ request } = { request: undefined }] = venue.streams;
    expect(request?.url).toBe(`/v3/accounts/${ACCOUNT}/pricing/stream?instruments=EUR_USD%2CXAU_USD`);
    expect(request?.headers).toMatchObject({ authorization: `Bearer ${TOKEN}`, "accept-datetime-format": "RFC3339" });
  });

  it("waits as long as a 429 asks, and gives up at a 401 without a word of the token", async () => {
    const times: number[] = [];
    const noted =
      (answer: Answer): Answer =>
      (stream) => {
        times.push(performance.now());
        answer(stream);
      };
    const { ended } = await start(
      [
        noted(refusing(429, "Too many requests", { "retry-after": "1" })),
        noted(refusing(401, "Insufficient authorization to perform request.")),
      ],
      ...["--symbols", "EUR_USD"],
    );
    const { exitCode, said } = await ended;
    expect(exitCode).toBe(1);
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThan(990);
    expect(said[1]).toBe("OANDA: 429 Too many requests; connecting again");
    expect(said.at(-1)).toBe("fx-ticks: OANDA: 401 Insufficient authorization to perform request.");
    expect(said.join("\n")).not.toContain(TOKEN.slice(0, 8));
  });

  it("keeps what arrives while the service is away, drops the oldest past the buffer, and says how many", async () => {
    const flags = ["--symbols", "GBP_USD", "--buffer", "100", "--metrics", "0", "--feed", "oanda"];
    const { command, ended, venue } = await start(
      [streaming(price("GBP_USD", at("11:00:00"), "1.3", "1.4"))],
      ...flags,
    );
    await eventually(async () => (await stored("GBPUSD")).length === 1);
    const named = async () => new FxClient({ url: side.url }).feeds({ feed: "oanda" });
    await eventually(async () => (await named()).at(0)?.every_s === 10);
    expect(await named()).toMatchObject([{ symbol: "GBPUSD", state: "live", last_tick: at("11:00:00.000000") }]);
    await side.service.kill9();
    const [stream] = venue.streams;
    stream?.send(price("GBP_USD", at("11:00:01"), "1.3", "1.4"));
    await eventually(() => command.said.some((line) => line.includes("trying until it answers")));
    const later = Array.from({ length: 130 }, (_, index) =>
      price("GBP_USD", at(`11:01:00.${String(index).padStart(3, "0")}`), "1.3", "1.4"),
    );
    stream?.send(...later);
    const metricsUrl = command.said[1]?.replace("metrics are at ", "") ?? "";
    const metrics = async () => (await fetch(metricsUrl)).text();
    await eventually(async () => (await metrics()).includes("\nfx_feed_ticks_dropped_total 30\n"));
    await side.service.start();
    await eventually(async () => (await stored("GBPUSD")).length === 102);
    // The request that was under way is kept, and of those that waited the newest hundred.
    expect((await stored("GBPUSD"))[2]).toBe("11:01:00.030000 1.3 1.4");
    const text = await metrics();
    for (const line of [
      'fx_feed_ticks_received_total{symbol="GBPUSD"} 132',
      "fx_feed_ticks_sent_total 102",
      "fx_feed_connected 1",
      "fx_feed_waiting_ticks 0",
    ])
      expect(text).toContain(`\n${line}\n`);
    command.interrupt();
    const { exitCode, said } = await ended;
    expect(exitCode).toBe(0);
    expect(said).toContain("100 ticks are waiting: the oldest are dropped from here on");
    expect(said.at(-1)).toMatch(/^102 ticks sent in .*; 30 dropped while the service was away$/);
  });

  it("leaves out a tick that the service refuses, and no other", async () => {
    const { command, ended } = await start(
      [
        streaming(
          price("USD_CHF", "2036-01-01T00:00:00Z", "0.8", "0.9"),
          price("USD_CHF", at("12:00:00"), "0.8", "0.9"),
        ),
      ],
      ...["--symbols", "USD_CHF"],
    );
    await eventually(async () => (await stored("USDCHF")).length === 1);
    command.interrupt();
    const { exitCode, said } = await ended;
    expect(exitCode).toBe(0);
    expect(said[1]).toMatch(/^1 tick refused: line 1.*time/);
    expect(said.at(-1)).toMatch(/^1 tick sent in .*; 1 refused$/);
  });

  it("takes no token but from the environment", async () => {
    const command = new Command("feed", "oanda", "--symbols", "EUR_USD", "--account", ACCOUNT);
    const { exitCode, said } = await command.run({ stateDirectory: "" });
    expect(exitCode).toBe(1);
    expect(said).toEqual([
      "fx-ticks: OANDA asks for a token: set OANDA_TOKEN, or OANDA_TOKEN_FILE to the name of a file that holds it",
    ]);
  });
});
