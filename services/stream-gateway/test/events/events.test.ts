import { connect, type Socket } from "node:net";
import { documentedMessage, eventually, type TestRedis, testRedis } from "@fx-ohlc/testkit";
import { TestPublisher, testTick } from "../feed/test-publisher.js";
import { type Message, TestClient } from "../support/test-client.js";
import { type TestGateway, testGateway } from "../support/test-gateway.js";

let redis: TestRedis;
let publisher: TestPublisher;
let gateway: TestGateway;

beforeAll(async () => {
  redis = await testRedis();
  publisher = new TestPublisher(redis.url);
  await publisher.open();
  gateway = await testGateway(redis.url);
});

afterAll(async () => {
  await gateway.stop();
  publisher.close();
  await redis.drop();
});

const followers: Follower[] = [];
afterEach(() => {
  for (const follower of followers.splice(0)) follower.end();
});

/** Reads events as a browser does: it keeps the last id, and what an event of no other type says. */
class Follower {
  readonly messages: Message[] = [];
  /** What an event of the type `close` said. */
  closed: Message;
  lastId = "";
  retryMs = 0;
  status = 0;
  readonly #leaving = new AbortController();
  readonly ended: Promise<void>;

  constructor(
    private readonly url: string,
    private readonly lastEventId = "",
  ) {
    this.ended = this.#read().catch(() => undefined);
    followers.push(this);
  }

  async #read(): Promise<void> {
    const headers = this.lastEventId === "" ? {} : { "Last-Event-ID": this.lastEventId };
    const { body, status } = await fetch(this.url, { headers, signal: this.#leaving.signal });
    this.status = status;
    let rest = "";
    for await (const piece of body?.pipeThrough(new TextDecoderStream()) ?? []) {
      const events = (rest + piece).split("\n\n");
      rest = events.pop() ?? "";
      for (const event of events)
        this.#take(Object.fromEntries(event.split("\n").map((line) => line.split(/: (.*)/s))));
    }
  }

  #take({ id, data, event, retry }: Readonly<Record<string, string>>): void {
    if (id !== undefined) this.lastId = id;
    if (retry !== undefined) this.retryMs = Number(retry);
    if (data === undefined) return;
    const message = JSON.parse(data);
    if (event === "close") this.closed = message;
    else if (documentedMessage("/sse", message).fault === undefined) this.messages.push(message);
    else throw new Error(documentedMessage("/sse", message).fault);
  }

  get prices(): number[] {
    return this.messages.flatMap(({ type, ticks }) => (type === "ticks" ? ticks : [])).map(({ price }) => price);
  }

  async subscribed(): Promise<this> {
    await eventually(() => this.messages.some(({ type }) => type === "subscribed"), { what: "the answer" });
    return this;
  }

  end(): void {
    this.#leaving.abort();
  }
}

const follow = (query: string, lastId = "") => new Follower(`${gateway.httpUrl}/sse?${query}`, lastId);

async function publish(symbol: string, ...prices: number[]): Promise<void> {
  for (const price of prices) await publisher.ticks(symbol, [testTick(price, price)]);
}

async function openEvents(): Promise<number> {
  const stats: Message = await (await fetch(`${gateway.httpUrl}/ws/stats`)).json();
  return stats.connections.sse;
}

test("a client that comes back with the last id gets what it missed of each symbol, in order, and nothing twice", async () => {
  const first = await follow("channels=ticks:EURUSD,ticks:gbp/usd").subscribed();
  expect([first.status, first.retryMs]).toEqual([200, 2000]);
  await publish("EURUSD", 1, 2);
  await publish("GBPUSD", 3);
  await eventually(() => first.prices.length === 3);
  first.end();
  await publish("GBPUSD", 4);
  await publish("EURUSD", 5, 6);
  const second = follow("channels=ticks:EURUSD,ticks:GBPUSD", first.lastId);
  await eventually(() => second.prices.length === 3);
  await publish("EURUSD", 7);
  await eventually(() => second.prices.length === 4);
  expect([first.prices, [...second.prices].sort(), second.prices.at(-1)]).toEqual([[1, 2, 3], [4, 5, 6, 7], 7]);
  const third = await follow(`channels=ticks:EURUSD&last_event_id=${first.lastId}`).subscribed();
  await eventually(() => third.prices.length === 3);
  expect(third.prices).toEqual([5, 6, 7]);
});

test("an id that cannot be read, or reaches back too far, begins anew and says so", async () => {
  await publish("AUDUSD", 1, 2, 3);
  await publisher.trim("AUDUSD", 1);
  for (const id of ["AUDUSD=epoch1-1", "AUDUSD=?!", "nonsense"]) {
    const client = await follow("channels=ticks:AUDUSD", id).subscribed();
    expect(client.messages[0]?.channels).toEqual([{ channel: "ticks:AUDUSD", offset: "epoch1-3", recovered: false }]);
    expect(client.lastId).toBe("AUDUSD=epoch1-3");
  }
});

test("it is counted as a client is, and one that says goodbye is gone at once", async () => {
  const before = await openEvents();
  await follow("channels=ticks:*").subscribed();
  const { hostname, port } = new URL(gateway.httpUrl);
  const socket: Socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
  socket.write("GET /sse?channels=ohlc:EURUSD:minute HTTP/1.1\r\nHost: localhost\r\n\r\n");
  await eventually(async () => (await openEvents()) === before + 2, { what: "two clients" });
  socket.end();
  await eventually(async () => (await openEvents()) === before + 1, { what: "one to be gone" });
  socket.destroy();
});

test("what cannot be followed is refused before anything is streamed", async () => {
  const refusalOf = async (query: string, init: RequestInit = {}) => {
    const answer = await fetch(`${gateway.httpUrl}/sse${query}`, init);
    const body: Message = await answer.json();
    return [answer.status, body.errors?.[0]?.field ?? body.type];
  };
  const many = Array.from({ length: 51 }, (_, index) => `ticks:S${index}`).join();
  for (const nothing of ["", "?channels="]) {
    const { errors }: Message = await (await fetch(`${gateway.httpUrl}/sse${nothing}`)).json();
    expect(errors).toEqual([{ field: "channels", message: "is required, such as ticks:EURUSD" }]);
  }
  expect(await refusalOf("?channels=ticks:EURUSD,news:EURUSD")).toEqual([422, "channels"]);
  expect(await refusalOf(`?channels=${many}`)).toEqual([422, "channels"]);
  expect(await refusalOf("?channel=ticks:EURUSD")).toEqual([400, "channel"]);
  const elsewhere = { headers: { origin: "https://elsewhere.example" } };
  expect(await refusalOf("?channels=ticks:EURUSD", elsewhere)).toEqual([403, "/problems/forbidden"]);
});

test("a gateway that stops says when to come back", async () => {
  const stopping = await testGateway(redis.url);
  const client = await new Follower(`${stopping.httpUrl}/sse?channels=ticks:EURUSD`).subscribed();
  await stopping.stop();
  await client.ended;
  expect(client.closed).toMatchObject({ code: 1001 });
  expect(JSON.parse(client.closed.reason)).toEqual({ retry_ms: client.retryMs });
});

test("/ws/ohlc is the endpoint of the interval it names, with the start of the day that fits it", async () => {
  const client = await TestClient.open(`${gateway.wsUrl}/ws/ohlc?interval=1h&symbol=EURUSD`);
  const stats: Message = await (await fetch(`${gateway.httpUrl}/ws/stats`)).json();
  expect(stats.connections.ohlc_hour).toBe(1);
  client.end();
  const other = await TestClient.open(`${gateway.wsUrl}/ws/ohlc?interval=4h&timezone=Asia/Kolkata&day_start_hour=9`);
  const after: Message = await (await fetch(`${gateway.httpUrl}/ws/stats`)).json();
  expect(after.connections).toMatchObject({ ohlc: 1, ohlc_hour: 0 });
  other.end();
  const refusals = {
    "": [422, "interval"],
    "?interval=7m": [422, "interval"],
    "?interval=5m&timezone=UTC": [400, "timezone"],
  };
  for (const [query, refusal] of Object.entries(refusals)) {
    const refused = new TestClient(`${gateway.wsUrl}/ws/ohlc${query}`);
    await eventually(() => refused.refused);
    expect([refused.refused?.status, refused.refused?.body.errors[0].field]).toEqual(refusal);
  }
});
