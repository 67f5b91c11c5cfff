import { once, setMaxListeners } from "node:events";
import { connect, type Socket } from "node:net";
import { attackedSystem } from "../src/strangers/attacked-system.js";
import { Bystander, expectServed } from "../src/strangers/bystander.js";

/** How long tiny pieces are sent. */
const CRUMBS_MS = 5000;
const JSON_TYPE = { "content-type": "application/json" };

const attacked = attackedSystem();

/** Sends a body in a request of its own. */
async function post(path: string, body: string | Buffer, headers: Record<string, string> = JSON_TYPE): Promise<number> {
  const answer = await fetch(`${attacked.everything.ingest.url}${path}`, { method: "POST", headers, body });
  await answer.arrayBuffer();
  return answer.status;
}

/** A connection that has sent the head of a request to POST ticks in bulk. */
async function upload(port: number, head: string): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => undefined);
  await once(socket, "connect");
  socket.write(`POST /ticks/bulk HTTP/1.1\r\nHost: 127.0.0.1\r\n${head}\r\n\r\n`);
  return socket;
}

const BAD_ROW = '{"symbol":"","price":-1,"time":0}';
const TWISTED: readonly (readonly [string, number, () => string])[] = [
  ["an object of 700,000 names", 413, () => `{${Array.from({ length: 700_000 }, (_, i) => `"k${i}":1`).join(",")}}`],
  ["ten million brackets", 413, () => "[".repeat(10_000_000)],
  ["three million empty arrays", 413, () => `[${"[],".repeat(3_000_000)}[]]`],
  ["50,000 rows with 3 errors each", 422, () => `[${Array.from({ length: 50_000 }, () => BAD_ROW).join(",")}]`],
];

test.each(TWISTED)("10 bodies with %s are answered %d", async (_name, status, make) => {
  const body = Buffer.from(make());
  let statuses: number[] = [];
  const served = await attacked.bystander.during(async () => {
    statuses = await Promise.all(Array.from({ length: 10 }, () => post("/ticks/bulk", body)));
  });
  expectServed(served);
  expect(new Set(statuses.filter((answered) => answered !== 503))).toEqual(new Set([status]));
});

test.each(["ingest", "edge"] as const)("256 bodies stall in the middle, by way of the %s", async (way) => {
  const { port } = attacked.everything[way];
  const through =
    way === "edge"
      ? await Bystander.of({ ...attacked.everything, ingest: attacked.everything.edge }, "EDGED")
      : attacked.bystander;
  const half = Buffer.alloc(100 * 1024, " ");
  const sockets: Socket[] = [];
  const served = await through.during(async () => {
    for (let at = 0; at < 256; at += 1) {
      const head = "Content-Type: application/json\r\nContent-Length: 2000000";
      const socket = await upload(port, head);
      sockets.push(socket);
      // Until all of it is on its way.
      await new Promise((resolve) => socket.write(half, resolve));
    }
  });
  for (const socket of sockets) socket.destroy();
  if (through !== attacked.bystander) through.end();
  expectServed(served);
});

test("200 bodies of lines stop before their chunk is full", async () => {
  const lines = Array.from(
    { length: 4990 },
    (_, at) => `{"symbol":"HALF","time":"2025-01-01T00:00:00.${String(at).padStart(6, "0")}Z","price":1}`,
  );
  const text = `${lines.join("\n")}\n`;
  const sockets: Socket[] = [];
  const served = await attacked.bystander.during(async () => {
    for (let at = 0; at < 200; at += 1) {
      const socket = await upload(
        attacked.everything.ingest.port,
        `Content-Type: application/x-ndjson\r\nContent-Length: ${2 * text.length}`,
      );
      if (!socket.write(text)) await once(socket, "drain");
      sockets.push(socket);
    }
  });
  for (const socket of sockets) socket.destroy();
  expectServed(served);
});

/** Sends chunks of a byte each, again from the beginning when it is answered or cut off, until it is told to stop. */
async function sendCrumbs(port: number, type: string, stop: AbortSignal): Promise<void> {
  const chunks = Buffer.from("1\r\n \r\n".repeat(20_000));
  while (!stop.aborted) {
    const socket = await upload(port, `Content-Type: ${type}\r\nTransfer-Encoding: chunked`);
    const send = () => {
      while (!socket.destroyed && socket.write(chunks));
    };
    socket.on("drain", send);
    for (const end of ["data", "end"]) socket.once(end, () => socket.destroy());
    stop.addEventListener("abort", () => socket.destroy(), { once: true });
    send();
    await once(socket, "close");
  }
}

test.each([
  ["ingest", 20],
  ["ingest", 200],
  ["edge", 20],
] as const)("bodies come as chunks of a byte each, to the %s on %d connections", async (way, connections) => {
  const { port } = attacked.everything[way];
  const types = ["application/json", "application/x-ndjson"];
  const served = await attacked.bystander.during(async () => {
    const stop = AbortSignal.timeout(CRUMBS_MS);
    setMaxListeners(0, stop);
    await Promise.all(Array.from({ length: connections }, (_, at) => sendCrumbs(port, types[at % 2] ?? "", stop)));
  });
  expectServed(served);
});

test("2,000 PUTs of one symbol come at once", async () => {
  const time = "2025-01-01T00:00:00Z";
  expect(await post("/ticks", JSON.stringify({ symbol: "PUT", time, price: 1 }))).toBe(201);
  const statuses = new Map<number, number>();
  const served = await attacked.bystander.during(async () => {
    await Promise.all(
      Array.from({ length: 2000 }, async (_, at) => {
        const url = `${attacked.everything.ingest.url}/ticks?symbol=PUT&time=${time}`;
        const body = JSON.stringify({ price: at + 1 });
        const { status } = await fetch(url, { method: "PUT", headers: JSON_TYPE, body });
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }),
    );
  });
  expectServed(served);
  expect(Object.fromEntries(statuses)).toEqual({ 200: 2000 });
});

test("a few ticks far apart read little of a dense history", async () => {
  await attacked.system.sql`
    insert into ticks (symbol, time, seq, price)
    select 'DENSE', timestamptz '2025-01-01 00:00:00Z' + i * interval '1 millisecond', 0, 1 from generate_series(0, 299999) i`;
  const times = Array.from({ length: 34 }, (_, at) => new Date(Date.UTC(2025, 0, 1) + at * 9000).toISOString());
  const body = JSON.stringify(times.map((time) => ({ symbol: "DENSE", time, price: 2 })));
  const served = await attacked.bystander.during(async () => {
    for (let at = 0; at < 10; at += 1) expect(await post("/ticks/bulk", body)).toBe(201);
  });
  expectServed(served);
});
