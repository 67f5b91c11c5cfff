import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { eventually, whyNoNginx } from "@fx-ohlc/testkit";
import { AddressedSystem, WAYS, type Way } from "../../src/clients/addressed-system.js";
import type { Answer } from "../../src/clients/answers.js";
import { type ClientCase, chunked, type Place, request, type Side } from "../../src/clients/client-case.js";
import { CONNECTION_CASES } from "../../src/clients/connection-cases.js";
import { Conversation } from "../../src/clients/conversation.js";
import { CSV_TYPE, JAVA, JSON_TYPE, REQUESTS, REQWEST } from "../../src/clients/heads.js";
import { READING_CASES } from "../../src/clients/reading-cases.js";
import { WRITING_CASES } from "../../src/clients/writing-cases.js";
import { frame } from "../../src/stream/raw-socket.js";

/** What common clients send, byte for byte, to each service by itself and through both edges. */
const CASES: readonly ClientCase[] = [...WRITING_CASES, ...READING_CASES, ...CONNECTION_CASES];
const WHY_NO_NGINX = whyNoNginx();
if (WHY_NO_NGINX !== undefined) console.log(`no client is tried through nginx: ${WHY_NO_NGINX}`);
const HERE = WAYS.filter((way) => way !== "through nginx" || WHY_NO_NGINX === undefined);

let addressed: AddressedSystem;
beforeAll(async () => {
  addressed = await AddressedSystem.start();
});
afterAll(() => addressed?.stop());

/** Behind an edge it is all one address. */
const placesOf = (way: Way, { to }: ClientCase): readonly Side[] => (way === "by itself" ? to : to.slice(0, 1));

let symbols = 0;
function newPlace(port: number): Place {
  symbols += 1;
  return { host: `localhost:${port}`, symbol: `CLIENT${symbols}X` };
}

/** Sends a case's requests one after the other. @returns the answers, and whether the connection ended after them */
async function converse(port: number, place: Place, sent: ClientCase): Promise<{ answers: Answer[]; isOver: boolean }> {
  const bytes = sent.sends(place);
  const requests = Buffer.isBuffer(bytes) ? [bytes] : bytes;
  const conversation = await Conversation.open({ port, localAddress: sent.from, isHead: sent.isHead });
  for (const [at, each] of requests.entries()) {
    conversation.write(each);
    if (at < requests.length - 1) await conversation.answered(at + 1);
  }
  if (sent.halfCloses) conversation.halfClose();
  const answers = await conversation.answered(sent.answers.length);
  if (sent.isClosed) await conversation.until(() => conversation.isOver, "end");
  const { isOver } = conversation;
  conversation.close();
  return { answers, isOver };
}

/** What a body says to who takes it compressed. */
function plain({ "content-encoding": encoding }: Answer["headers"], body: Buffer): string {
  if (encoding === "gzip") return gunzipSync(body).toString();
  return encoding === "br" ? brotliDecompressSync(body).toString() : body.toString();
}

const text = (pattern: string | RegExp) =>
  typeof pattern === "string" ? expect.stringContaining(pattern) : expect.stringMatching(pattern);

describe.each(HERE)("%s", (way) => {
  const rows = CASES.flatMap((sent) => placesOf(way, sent).map((side) => [sent.client, side, sent] as const));

  test.each(rows)("%s (%s)", async (_client, side, sent) => {
    const port = addressed.portOf(way, side);
    const place = newPlace(port);
    const { answers } = await converse(port, place, sent);
    const found = answers.map(({ status, headers, body }) => ({ status, headers, says: plain(headers, body) }));
    expect(found).toEqual(
      sent.answers.map(({ status, headers = {}, says = "" }) => ({
        status,
        headers: expect.objectContaining(
          Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, text(value)])),
        ),
        says: text(says),
      })),
    );
    for (const { headers } of answers) expect(headers["x-request-id"]).toMatch(/^[\w.:-]{8,128}$/);
    sent.holds?.(answers, place);
  });

  /** A conversation with the service of writers. */
  const withIngest = () => Conversation.open({ port: addressed.portOf(way, "ingest") });

  test("any pool: bodies that are refused early leave a connection on which the next request is answered, or close it", async () => {
    const place = newPlace(addressed.portOf(way, "ingest"));
    for (const type of [CSV_TYPE, "Content-Type: application/x-ndjson"]) {
      const conversation = await withIngest();
      const head = ["POST /ticks/bulk HTTP/1.1", ...REQUESTS, type];
      conversation.write(request(place, head, `oops\n${"2026-02-15T00:00:18Z,X,1\n".repeat(16_000)}`));
      const [first] = await conversation.answered(1);
      conversation.write(request(place, ["GET /live HTTP/1.1", ...REQUESTS]));
      const answers = await conversation.answered(2);
      // nginx sends the head before it knows that the answer will end before the body does, and then closes.
      const isSaid = first?.headers.connection?.toLowerCase() === "close" || way === "through nginx";
      const isTold = isSaid && conversation.isOver;
      expect([first?.status, isTold ? "closed" : answers[1]?.status]).toEqual([422, isTold ? "closed" : 200]);
      conversation.close();
    }
  });

  test("Rust's Body::wrap_stream: a body in chunks that is refused at once is told so, always", async () => {
    const place = newPlace(addressed.portOf(way, "ingest"));
    const head = ["POST /ticks/bulk HTTP/1.1", ...REQWEST, CSV_TYPE, "Transfer-Encoding: chunked"];
    const bytes = request(place, head, chunked(`oops\n${"x".repeat(300_000)}`, 8192));
    const statuses: unknown[] = [];
    for (let round = 0; round < 25; round += 1) {
      const conversation = await withIngest();
      conversation.write(bytes);
      const [answer] = await conversation.answered(1);
      statuses.push(answer?.status);
      conversation.close();
    }
    expect(new Set(statuses)).toEqual(new Set([422]));
  });

  test("a live feed piped into one POST: a row is stored while the body stays open", async () => {
    const place = newPlace(addressed.portOf(way, "ingest"));
    const conversation = await withIngest();
    const row = `${JSON.stringify({ symbol: place.symbol, price: 1.1 })}\n`;
    const lines = "Content-Type: application/x-ndjson";
    const head = ["POST /ticks/bulk HTTP/1.1", ...REQWEST, lines, "Transfer-Encoding: chunked"];
    conversation.write(request(place, head, `${row.length.toString(16)}\r\n${row}\r\n`));
    const stored = () => addressed.system.sql`select from ticks where symbol = ${place.symbol}`;
    await eventually(async () => (await stored()).length === 1, { what: "the row" });
    conversation.write("0\r\n\r\n");
    const [answer] = await conversation.answered(1);
    expect([answer?.status, answer?.body.toString()]).toEqual([201, expect.stringContaining('"created":1')]);
    conversation.close();
  });

  test("java.net.http: Expect: 100-continue is answered before the body is sent", async () => {
    const place = newPlace(addressed.portOf(way, "ingest"));
    const conversation = await withIngest();
    const body = JSON.stringify({ symbol: place.symbol, price: 1.1 });
    const head = [...JAVA, JSON_TYPE, `Content-Length: ${body.length}`, "Expect: 100-Continue"];
    conversation.write(request(place, ["POST /ticks HTTP/1.1", ...head]));
    await conversation.until(() => conversation.text.startsWith("HTTP/1.1 100 "), "leave to go on");
    conversation.write(body);
    const [answer] = await conversation.answered(1);
    expect(answer?.status).toBe(201);
    conversation.close();
  });

  /** An upgraded connection to `/ws`, as Python's websockets opens it. */
  async function webSocket(): Promise<Conversation> {
    const port = addressed.portOf(way, "gateway");
    const conversation = await Conversation.open({ port });
    const head = [
      ...["GET /ws HTTP/1.1", "Host: HOST", "Upgrade: websocket", "Connection: Upgrade"],
      ...["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13"],
      ...[
        "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
        "User-Agent: Python/3.11 websockets/15.0.1",
      ],
    ];
    conversation.write(request(newPlace(port), head));
    const [answer] = await conversation.answered(1);
    expect(answer?.status).toBe(101);
    return conversation;
  }
  const subscribe = (id: number) =>
    Buffer.from(JSON.stringify({ op: "subscribe", id, channels: [`ticks:BURST${id}`] }));

  test("websockets with orjson: binary frames of UTF-8 JSON are taken", async () => {
    const conversation = await webSocket();
    conversation.write(frame(0x82, subscribe(1)));
    await conversation.until(() => conversation.text.includes('"type":"subscribed","id":1'), "subscription");
    conversation.close();
  });

  test("ccxt: 200 subscriptions of a symbol each in a burst are all answered", async () => {
    const conversation = await webSocket();
    conversation.write(Buffer.concat(Array.from({ length: 200 }, (_, id) => frame(0x81, subscribe(id)))));
    const answered = () => conversation.text.match(/"type":"subscribed"/g)?.length === 200;
    await conversation.until(answered, "200 subscriptions");
    expect(conversation.isOver).toBe(false);
    conversation.close();
  });
});
