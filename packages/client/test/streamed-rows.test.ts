import type { ServerResponse } from "node:http";
import { eventually } from "@fx-ohlc/testkit";
import { FxClient, UnreachableError } from "../src/index.js";
import { answer, type Reply, ScriptedServer } from "./scripted-server.js";

const START = "2024-01-02T03:00:00.000000Z";
const QUERY = { symbol: "EURUSD", start: START, limit: "all" } as const;

let server: ScriptedServer;
let client: FxClient;

beforeEach(async () => {
  server = await ScriptedServer.start();
  client = new FxClient({ url: server.url, timeoutMs: 500, retry: { attemptsMax: 1 } });
});
afterEach(() => server.stop());

interface Row {
  readonly time: string;
  readonly seq: number;
}

/** Two ticks of each stamp. */
const row = (place: number): Row => ({ time: `2024-01-02T03:00:0${Math.floor(place / 2)}.000000Z`, seq: place % 2 });
const rows = (...places: number[]) => places.map(row);
const lines = (...places: number[]) => rows(...places).map((each) => `${JSON.stringify(each)}\n`);

/** Sends lines, the last of them in two pieces, and then does something else than ending well. */
function begin(text: string, then: (response: ServerResponse) => void): Reply {
  return (_request, response) => {
    response.write(text.slice(0, -5));
    response.write(text.slice(-5), () => setImmediate(() => then(response)));
  };
}

async function collect<T>(all: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const each of all) found.push(each);
  return found;
}

it("an answer that is cut off goes on from its last row: every row comes once, though a stamp is asked for again", async () => {
  const cut = begin(lines(0, 1, 2).join(""), (response) => response.destroy());
  server.script(cut, (_request, response) => void response.end(lines(2, 3, 4).join("")));
  expect(await collect(client.ticks(QUERY))).toEqual(rows(0, 1, 2, 3, 4));
  const starts = server.received.map(({ path }) => new URL(path, server.url).searchParams.get("start"));
  expect(starts).toEqual([START, row(2).time]);
});

it("one that is cut off again and again without a new row is given up", async () => {
  const cut = begin(lines(0, 1).join(""), (response) => response.destroy());
  server.script(cut, cut);
  await expect(collect(client.ticks(QUERY))).rejects.toThrow(UnreachableError);
  expect(server.received).toHaveLength(2);
});

it("one that falls silent is asked for again in time, and given up when nothing more comes", async () => {
  const silent = begin(lines(0).join(""), () => undefined);
  server.script(silent, silent);
  const ticks = client.ticks(QUERY);
  await ticks.next();
  await expect(ticks.next()).rejects.toThrow("nothing came for 500 ms");
  expect(server.received).toHaveLength(2);
});

it("a loop that waits holds the server up, and one that is left ends its answer", async () => {
  const line = `${JSON.stringify({ ...row(0), pad: "x".repeat(10_000) })}\n`;
  let sent = 0;
  let hasLeft = false;
  server.script((_request, response) => {
    response.on("close", () => (hasLeft = true));
    const more = (): void => {
      do sent += 1;
      while (!hasLeft && response.write(line.replace('"seq":0', `"seq":${sent}`)));
      response.once("drain", more);
    };
    more();
  });
  const ticks = client.ticks(QUERY);
  await ticks.next();
  // What a socket and its buffers hold is some megabytes: then nothing more is sent.
  let before = -1;
  const isWaiting = () => {
    const hadSent = before;
    before = sent;
    return hadSent === sent;
  };
  await eventually(isWaiting, { intervalMs: 200, what: "the server to wait" });
  expect(sent).toBeLessThan(5_000);
  await ticks.return();
  await eventually(() => hasLeft, { what: "the answer to end" });
});

it("a refusal is a problem with its code, and fill is asked for and makes prices nullable", async () => {
  server.script(answer(410, { type: "https://fx.example/problems/gone", title: "Gone", status: 410 }));
  await expect(collect(client.ticks(QUERY))).rejects.toMatchObject({ status: 410, code: "gone" });
  server.script(answer(200, [{ open: null }]));
  const [bar] = await client.lastBars({ symbol: "EURUSD", interval: "1m", count: 1, fill: "null" });
  const open: number | null | undefined = bar?.open;
  expect([open, server.received[0]?.path]).toEqual([null, "/ohlc/minute?symbol=EURUSD&count=1&fill=null"]);
});
