import { formatTime, parseOffset, type StreamMessage, type Tick, type TicksMessage } from "@fx-ohlc/schemas";
import { createLogger, RedisLink } from "@fx-ohlc/service-kit";
import { eventually, type TestRedis, testRedis } from "@fx-ohlc/testkit";
import { type PublishCall, publish as publishFor } from "../src/publish/publish-script.js";
import { CommitLedger } from "../src/write/commit-ledger.js";
import { streamOf, TEST_DEPLOYMENT, testPublisher, untoldCommit } from "./told.js";

const logger = createLogger({ service: "test", level: "error" });
const T0 = 1_400_000_000_000_000;
const { names } = TEST_DEPLOYMENT;

let server: TestRedis;
let redis: RedisLink;
beforeAll(async () => {
  server = await testRedis({ settings: { "enable-debug-command": "local" } });
  redis = new RedisLink({ url: server.url, name: "test", logger });
  redis.open();
  await eventually(() => redis.isReady);
});
afterAll(async () => {
  redis.close();
  await server.drop();
});
beforeEach(async () => {
  await redis.client.flushAll();
});

async function stream(symbol: string): Promise<StreamMessage[]> {
  return streamOf(redis, names, symbol);
}

function ticks(count: number, from = 0, symbol = "EURUSD"): Tick[] {
  return Array.from({ length: count }, (_, index) => ({ symbol, timeUs: T0 + from + index, seq: 0, price: 1.5 }));
}

function call(id: number) {
  return {
    symbol: "EURUSD",
    id,
    messages: [{ head: '{"offset":"', tail: '"}' }],
    known: undefined,
    keepS: 300,
    bytesMax: 1e6,
  };
}

/** @returns the offset of the last message */
async function publish(ingestId: string, told: PublishCall): Promise<string> {
  return (await publishFor(redis, TEST_DEPLOYMENT, ingestId, told)).offset;
}

/** A commit at the time of its ticks. */
function commit(xid: number, options: Parameters<typeof untoldCommit>[0] = {}) {
  return { xid: String(xid), untold: untoldCommit(options), nowUs: T0, incarnation: TEST_DEPLOYMENT.incarnation };
}

function newPublisher(bufferMax = 100_000, ledger = new CommitLedger()) {
  return testPublisher(redis, ledger, { bufferMax });
}

test("a call that is repeated after its answer was lost is executed once", async () => {
  const message = call(1);
  const heard: string[] = [];
  const listener = new RedisLink({ url: server.url, name: "listener", logger });
  listener.open();
  await eventually(() => listener.isReady);
  await listener.client.subscribe(names.tickChannel("EURUSD"), (text) => void heard.push(text));
  await publish("ingest", message);
  await publish("ingest", message);
  await publish("ingest", call(2));
  await eventually(() => heard.length >= 2);
  listener.close();
  const offsets = (await stream("EURUSD")).map(({ offset }) => offset);
  expect(offsets).toHaveLength(2);
  expect(heard.map((text) => JSON.parse(text).offset)).toEqual(offsets);
});

test("a call that a later one of its process has overtaken is not executed any more", async () => {
  const [first, second] = [await publish("ingest", call(1)), await publish("ingest", call(3))];
  expect(await publish("ingest", call(2))).toBe(second);
  expect(await publish("ingest", call(3))).toBe(second);
  expect((await stream("EURUSD")).map(({ offset }) => offset)).toEqual([first, second]);
});

test("the messages of one call have contiguous offsets, and a repeat of it puts none of them on the stream again", async () => {
  const messages = [1, 2, 3].map((number) => ({ head: `{"number":${number},"offset":"`, tail: '"}' }));
  const first = await publish("ingest", { ...call(1), messages });
  expect(await publish("ingest", { ...call(1), messages })).toBe(first);
  await publish("ingest", call(2));
  const entries = await stream("EURUSD");
  expect(entries.map((entry) => Reflect.get(entry, "number"))).toEqual([1, 2, 3, undefined]);
  expect(entries.map(({ offset }) => offset.split("-")[1])).toEqual(["1", "2", "3", "4"]);
  expect(entries[2]?.offset).toBe(first);
});

test("the sequence is contiguous within an epoch, and an emptied Redis begins a new epoch at 1", async () => {
  const send = (id: number) => publish("ingest", call(id));
  await send(1);
  await send(2);
  const before = (await stream("EURUSD")).map(({ offset }) => offset.split("-"));
  expect(before.map(([, sequence]) => sequence)).toEqual(["1", "2"]);
  await redis.client.flushAll();
  await send(3);
  const [after] = (await stream("EURUSD")).map(({ offset }) => offset.split("-"));
  expect(after?.[1]).toBe("1");
  expect(after?.[0]).not.toBe(before[0]?.[0]);
});

test("a server that took over a stream begins a new epoch and an empty stream", async () => {
  const send = (id: number) => publish("ingest", call(id));
  await send(1);
  const [before] = await stream("EURUSD");
  await redis.client.sendCommand(["DEBUG", "CHANGE-REPL-ID"]);
  await send(2);
  const after = await stream("EURUSD");
  expect(after).toHaveLength(1);
  expect(after[0]?.offset.split("-")[0]).not.toBe(before?.offset.split("-")[0]);
});

test("an epoch names the incarnation of the database, and another one begins a new epoch and an empty stream", async () => {
  const told = (incarnation: string, id: number) =>
    publishFor(redis, { names, incarnation }, "ingest", call(id)).then(({ offset }) => offset);
  expect(await told("aaaaaaaa", 1)).toMatch(/^aaaaaaaa[a-z0-9]{8}-1$/);
  expect(await told("aaaaaaaa", 2)).toMatch(/^aaaaaaaa[a-z0-9]{8}-2$/);
  expect(await told("bbbbbbbb", 3)).toMatch(/^bbbbbbbb[a-z0-9]{8}-1$/);
  expect(await stream("EURUSD")).toHaveLength(1);
});

test("a stream that went back behind what this process was answered begins a new epoch", async () => {
  const [first, second] = [await publish("ingest", call(1)), await publish("ingest", call(2))];
  await redis.client.hSet(names.streamStateKey("EURUSD"), "sequence", "1");
  const known = parseOffset(second);
  const third = await publish("ingest", { ...call(3), known });
  expect(third.split("-")[0]).not.toBe(first.split("-")[0]);
  expect(third.split("-")[1]).toBe("1");
});

test("a stream of the first version is followed by a new epoch, and first-version processes go on with that one", async () => {
  const replid = /master_replid:(\w+)/.exec(await redis.client.info("replication"))?.[1] ?? "";
  const state = names.streamStateKey("EURUSD");
  await redis.client.hSet(state, { epoch: "k3f9a0b1", replid, sequence: "7" });
  await redis.client.xAdd(names.streamKey("EURUSD"), "7-0", { m: "{}" });
  const first = await publish("ingest", call(1));
  expect(first).toMatch(/^inc00001[a-z0-9]{8}-1$/);
  // What its script does.
  const next = await redis.client.hIncrBy(state, "sequence", 1);
  await redis.client.xAdd(names.streamKey("EURUSD"), `${next}-0`, { m: '{"offset":"theirs"}' });
  expect(await publish("ingest", call(2))).toBe(first.replace(/-1$/, "-3"));
  expect((await stream("EURUSD")).map(({ offset }) => offset)).toHaveLength(3);
});

test("a call that is repeated in another epoch may have reached clients before, so it declares its range instead", async () => {
  const repeat = { ifLost: [{ head: '{"type":"revision","offset":"', tail: '"}' }] };
  const epochOf = (offset: string) => offset.split("-")[0];
  const first = epochOf(await publish("ingest", call(1)));
  await publish("ingest", { ...call(2), repeat: { ...repeat, epoch: first } });
  expect((await stream("EURUSD")).map(({ type }) => type)).toEqual([undefined, undefined]);
  await redis.client.flushAll();
  const second = epochOf(await publish("ingest", call(3)));
  await publish("ingest", { ...call(4), repeat: { ...repeat, epoch: first } });
  await publish("ingest", { ...call(5), repeat: { ...repeat, epoch: undefined } });
  await publish("ingest", { ...call(6), repeat: { ...repeat, epoch: second } });
  expect((await stream("EURUSD")).map(({ type }) => type)).toEqual([undefined, "revision", "revision", undefined]);
});

test("ticks sent to a Redis that died before it answered are declared, and those after them are told", async () => {
  const publisher = newPublisher();
  publisher.publishTicks(ticks(1), commit(1));
  await eventually(() => publisher.bufferedMessages === 0);
  server.freeze();
  publisher.publishTicks(ticks(2, 10), commit(2));
  publisher.publishTicks(ticks(1, 20), commit(3));
  await eventually(() => !redis.isReady, { what: "the frozen Redis to be noticed" });
  await server.kill9();
  await server.start();
  await eventually(() => publisher.bufferedMessages === 0, { what: "the buffer to be sent" });
  expect(await stream("EURUSD")).toEqual([
    expect.objectContaining({ type: "revision", reason: "lost", from: formatTime(T0 + 10), to: formatTime(T0 + 12) }),
    expect.objectContaining({ type: "ticks", xid: "3" }),
  ]);
});

test("a big commit goes out as several messages with its transaction id, in order", async () => {
  const publisher = newPublisher();
  publisher.publishTicks([...ticks(2450), ...ticks(3, 0, "GBPUSD")], { ...commit(1), xid: "777" });
  await eventually(() => publisher.bufferedMessages === 0);
  const messages = (await stream("EURUSD")) as TicksMessage[];
  expect(messages.map((message) => message.ticks.length)).toEqual([...Array(12).fill(200), 50]);
  expect(new Set(messages.map((message) => message.xid))).toEqual(new Set(["777"]));
  expect(messages.flatMap((message) => message.ticks.map((tick) => tick.time))).toEqual(
    messages.flatMap((message) => message.ticks.map((tick) => tick.time)).sort(),
  );
  expect(await stream("GBPUSD")).toHaveLength(1);
});

test("while Redis is frozen messages wait, and go out in order once it answers again", async () => {
  const publisher = newPublisher();
  publisher.publishTicks(ticks(1), commit(1));
  await eventually(() => publisher.bufferedMessages === 0);
  server.freeze();
  await eventually(() => !redis.isReady, { what: "the frozen Redis to be noticed" });
  for (let batch = 2; batch <= 20; batch += 1) publisher.publishTicks(ticks(1, batch), commit(batch));
  expect(publisher.bufferedMessages).toBe(19);
  server.thaw();
  await eventually(() => publisher.bufferedMessages === 0, { what: "the buffer to be sent" });
  const xids = ((await stream("EURUSD")) as TicksMessage[]).map((message) => message.xid);
  expect(xids).toEqual(Array.from({ length: 20 }, (_, index) => String(index + 1)));
});

test("when the buffer is full commits are left to the ledger, and what had room before goes out", async () => {
  const ledger = new CommitLedger();
  const told = jest.spyOn(ledger, "markTold");
  const publisher = newPublisher(1000, ledger);
  server.freeze();
  await eventually(() => !redis.isReady, { what: "the frozen Redis to be noticed" });
  const commits = Array.from({ length: 30 }, (_, index) => commit(index + 1));
  for (const [index, one] of commits.entries()) publisher.publishTicks(ticks(100, index * 1000), one);
  expect([publisher.bufferedMessages, publisher.droppedMessages]).toEqual([10, 20]);
  server.thaw();
  await eventually(() => publisher.bufferedMessages === 0, { what: "the buffer to be sent" });
  const xids = ((await stream("EURUSD")) as TicksMessage[]).map((message) => message.xid);
  expect(xids).toEqual(commits.slice(0, 10).map(({ xid }) => xid));
  expect(told.mock.calls.flat(2)).toEqual(commits.slice(0, 10).map(({ untold }) => untold));
  publisher.publishTicks(ticks(1, 40_000), commit(31));
  await eventually(async () => (await stream("EURUSD")).length === 11, { what: "room in the buffer again" });
});

test("a commit of which a part had no room is not taken for told, though its old ticks are declared", async () => {
  const link = new RedisLink({ url: server.url, name: "later", logger });
  const ledger = new CommitLedger();
  const publisher = testPublisher(link, ledger, { bufferMax: 1 });
  const [full, both] = [commit(1), commit(2)];
  publisher.publishTicks(ticks(1), full);
  publisher.publishTicks([...ticks(1, -86_400_000_000), ...ticks(1, 10)], both);
  link.open();
  await eventually(() => publisher.bufferedMessages === 0, { what: "the rest to be sent" });
  link.close();
  expect((await stream("EURUSD")).map(({ type }) => type).sort()).toEqual(["revision", "ticks"]);
  expect([full.untold.untoldSymbols, both.untold.untoldSymbols > 0]).toEqual([0, true]);
});

describe("what is overdue", () => {
  const nowMs = performance.now.bind(performance);
  let skippedMs = 0;
  beforeEach(() => {
    skippedMs = 0;
    jest.spyOn(performance, "now").mockImplementation(() => nowMs() + skippedMs);
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });
  const soon = () => ({ tellByMs: performance.now() + 60_000 });
  const xids = async (symbol: string) => (await stream(symbol)).map((message) => Reflect.get(message, "xid"));

  test("is not told any more by its process, which may have stood still while others took its rows over", async () => {
    const link = new RedisLink({ url: server.url, name: "later", logger });
    const publisher = testPublisher(link, new CommitLedger());
    const [overdue, young] = [commit(1, { ...soon(), untoldSymbols: 3 }), commit(2)];
    publisher.publishTicks([...ticks(500), ...ticks(1, 0, "GBPUSD"), ...ticks(1, -1e12, "USDJPY")], overdue);
    publisher.publishTicks(ticks(1, 500), young);
    skippedMs = 60_001;
    link.open();
    await eventually(() => publisher.bufferedMessages === 0, { what: "the rest to be sent" });
    publisher.stop();
    link.close();
    expect([await xids("EURUSD"), await xids("GBPUSD"), await xids("USDJPY")]).toEqual([["2"], [], []]);
    expect([overdue.untold.untoldSymbols > 0, young.untold.untoldSymbols]).toEqual([true, 0]);
  });

  test.each([
    { fate: "executed in the end", end: () => server.thaw(), told: ["1", "2", "3"] },
    { fate: "lost", end: () => server.kill9().then(() => server.start()), told: ["3"] },
  ])("goes with all of a call that was $fate: nothing is told twice, nor left untold", async ({ end, told }) => {
    let deployment: typeof TEST_DEPLOYMENT | undefined;
    const publisher = testPublisher(redis, new CommitLedger(), { deployment: () => deployment });
    const [overdue, young] = [commit(1, soon()), commit(2)];
    publisher.publishTicks(ticks(1), overdue);
    publisher.publishTicks(ticks(300, 10), young);
    server.freeze();
    deployment = TEST_DEPLOYMENT;
    publisher.wake();
    await eventually(() => !redis.isReady, { what: "the frozen Redis to be noticed" });
    skippedMs = 60_001;
    publisher.giveUpOld();
    expect(publisher.bufferedMessages).toBe(0);
    publisher.publishTicks(ticks(1, 400), commit(3));
    await end();
    await eventually(() => publisher.bufferedMessages === 0, { what: "the rest to be sent" });
    expect([...new Set(await xids("EURUSD"))].sort()).toEqual(told);
    const times = ((await stream("EURUSD")) as TicksMessage[]).flatMap((message) =>
      message.ticks.map(({ time }) => time),
    );
    expect(new Set(times).size).toBe(times.length);
    expect([overdue, young].filter(({ untold }) => untold.untoldSymbols === 0)).toEqual([]);
  });
});
