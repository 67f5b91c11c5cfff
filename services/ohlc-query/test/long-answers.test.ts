import { once } from "node:events";
import { Agent, get, type IncomingMessage } from "node:http";
import { type HttpServer, listen } from "@fx-ohlc/service-kit";
import { eventually } from "@fx-ohlc/testkit";
import { type Answer, AnswerSender, textAnswer } from "../src/http/answer.js";
import { ReadDeadline } from "../src/http/read-deadline.js";

/** More than are held at once, of one caller and of all. */
const LONG = 40;
const HELD_PER_CALLER = 12;
const ROWS = 10_000;

let server: HttpServer;
/** New connections are read a few at a time: these are there already. */
const agent = new Agent({ keepAlive: true });
let turn = 0;
let isOver = false;
let held = 0;
let heldMost = 0;
/** In which turn of the event loop each text was made, and for whom. */
let made: { readonly turn: number; readonly who: string }[] = [];
let asked = 0;

const text = { body: "[]" };

/** What is read waits for its text: of ticks; or what is in memory as bars are. */
function answerTo(url: string, who: string): Answer {
  const make = () => {
    made.push({ turn, who });
    held -= 1;
    return textAnswer(text);
  };
  if (url === "/short") return { rows: 1, make: () => textAnswer(text) };
  if (url === "/bars") return { rows: ROWS, make };
  const read = async () => {
    held += 1;
    heldMost = Math.max(heldMost, held);
    return { rows: ROWS, make };
  };
  return { rowsMax: ROWS, read };
}

function nextTurn(): void {
  turn += 1;
  if (!isOver) setImmediate(nextTurn);
}

beforeAll(async () => {
  nextTurn();
  const sender = new AnswerSender();
  const options = { port: 0, host: "127.0.0.1", forwarding: { trustedProxies: ["127.0.0.1"], publicUrl: undefined } };
  server = await listen((req, res) => {
    asked += 1;
    const answer = answerTo(req.url ?? "", String(req.headers["x-forwarded-for"]));
    void sender.send(req, res, answer, new ReadDeadline(res, 60_000, { isEnded: false }));
  }, options);
  await Promise.all(Array.from({ length: LONG + 2 }, () => statusOf("/short", "192.0.2.3")));
});
afterAll(async () => {
  isOver = true;
  agent.destroy();
  await server.stop(100);
});
beforeEach(() => {
  [made, asked, held, heldMost] = [[], 0, 0, 0];
});

async function statusOf(path: string, address: string): Promise<number | undefined> {
  const url = `http://127.0.0.1:${server.port}${path}`;
  const outgoing = get(url, { agent, headers: { "x-forwarded-for": address } });
  const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
  answer.resume();
  await once(answer, "end");
  return answer.statusCode;
}

test.each(["/ticks", "/bars"])(
  "whole answers of many rows are made a turn each, and short ones go between, %s",
  async (path) => {
    const long = Array.from({ length: LONG }, () => statusOf(path, "192.0.2.1"));
    await eventually(() => asked === LONG, { what: "all to be asked for" });
    const other = statusOf(path, "192.0.2.2");
    expect(await statusOf("/short", "192.0.2.3")).toBe(200);
    expect(made.length).toBeLessThan(LONG);
    expect(await Promise.all([...long, other])).toEqual(Array.from({ length: LONG + 1 }, () => 200));
    expect(new Set(made.map(({ turn }) => turn)).size).toBe(LONG + 1);
    // Another caller does not wait until the first has all of his.
    expect(made.findIndex(({ who }) => who === "192.0.2.2")).toBeLessThan(LONG - 1);
  },
);

test("no more is read for whole answers than a caller's share of the pages that are held", async () => {
  await Promise.all(Array.from({ length: LONG }, () => statusOf("/ticks", "192.0.2.1")));
  expect(heldMost).toBeLessThanOrEqual(HELD_PER_CALLER);
  expect(made).toHaveLength(LONG);
});
