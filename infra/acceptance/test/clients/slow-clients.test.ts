import { setTimeout as delay } from "node:timers/promises";
import { whyNoNginx } from "@fx-ohlc/testkit";
import { AddressedSystem, WAYS, type Way } from "../../src/clients/addressed-system.js";
import { request } from "../../src/clients/client-case.js";
import { Conversation } from "../../src/clients/conversation.js";
import { CURL, JSON_TYPE, NDJSON_TYPE } from "../../src/clients/heads.js";

/** What takes a client a minute by its nature, so that `npm test` has no time for it; a tenth of a second between two pieces. */
const isAsked = process.env.FX_CLIENTS !== undefined;
if (!isAsked) console.log("slow clients are not run: they take more than a minute (npm run clients runs them)");
const testSlowly = isAsked ? test : test.skip;
const HERE = WAYS.filter((way) => way !== "through nginx" || whyNoNginx() === undefined);
const TIMEOUT_MS = 180_000;

let addressed: AddressedSystem | undefined;
beforeAll(async () => {
  if (isAsked) addressed = await AddressedSystem.start();
});
afterAll(() => addressed?.stop());

/** To the service of writers. */
async function uploading(way: Way, head: readonly string[], body?: string): Promise<Conversation> {
  const port = addressed?.portOf(way, "ingest") ?? 0;
  const conversation = await Conversation.open({ port, patienceMs: TIMEOUT_MS });
  const place = { host: `localhost:${port}`, symbol: "SLOW" };
  conversation.write(request(place, ["POST /ticks/bulk HTTP/1.1", ...CURL, ...head], body));
  return conversation;
}

/** @returns the status and the text of the one answer */
async function answerOf(conversation: Conversation): Promise<string> {
  const [answer] = await conversation.answered(1);
  conversation.close();
  return `${answer?.status} ${answer?.body}`;
}

const BYTES = 3_000_000;
const PIECE = 6_400;

async function slowUplink(way: Way): Promise<string> {
  const body = `[{"symbol":"SLOW","price":1.1}${" ".repeat(BYTES)}]`;
  const conversation = await uploading(way, [JSON_TYPE, `Content-Length: ${body.length}`]);
  for (let at = 0; at < body.length && !conversation.isOver; at += PIECE) {
    conversation.write(body.slice(at, at + PIECE));
    await delay(100);
  }
  return answerOf(conversation);
}

async function silentFeed(way: Way): Promise<string> {
  const row = '{"symbol":"SILENT","price":1.1}\n';
  const chunk = `${row.length.toString(16)}\r\n${row}\r\n`;
  return answerOf(await uploading(way, [NDJSON_TYPE, "Transfer-Encoding: chunked"], chunk));
}

testSlowly(
  "3 MB of JSON come at 64 kB/s and are taken, and lines that end in silence are answered with what is stored of them",
  async () => {
    const answers = await Promise.all(
      HERE.map(async (way) => [way, ...(await Promise.all([slowUplink(way), silentFeed(way)]))]),
    );
    expect(answers).toEqual(
      HERE.map((way) => [way, expect.stringMatching(/^201 .*"created":1/), expect.stringMatching(/^408 .*1/)]),
    );
  },
  TIMEOUT_MS,
);
