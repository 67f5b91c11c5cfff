import { once } from "node:events";
import { Agent, get, type RequestListener } from "node:http";
import { connect } from "node:net";
import { Worker } from "node:worker_threads";
import { eventually } from "@fx-ohlc/embedded";
import { listen, type UpgradeListener } from "../src/index.js";

/** Opens a thousand connections, and asks for something on each. */
const CROWD = `
  const { connect } = require("node:net");
  const { workerData: { port, arrived } } = require("node:worker_threads");
  for (let at = 0; at < 1000; at += 1) {
    const socket = connect(port, "127.0.0.1", () => socket.write("GET /crowd HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n", () => {
      if (Atomics.add(arrived, 0, 1) === 999) Atomics.notify(arrived, 0);
    }));
    socket.on("error", () => undefined);
  }`;

/** Lets them come while this process has no time for them. @returns how many have come */
async function meetCrowd(port: number): Promise<{ readonly crowd: Worker; readonly count: number }> {
  const arrived = new Int32Array(new SharedArrayBuffer(4));
  const crowd = new Worker(CROWD, { eval: true, workerData: { port, arrived } });
  await once(crowd, "online");
  const untilMs = performance.now() + 10_000;
  for (let count = 0; count < 1000 && performance.now() < untilMs; count = Atomics.load(arrived, 0))
    Atomics.wait(arrived, 0, count, 100);
  return { crowd, count: Atomics.load(arrived, 0) };
}

/** A server whose answers wait for the test. */
async function heldServer() {
  const pending: (() => void)[] = [];
  let arrived: () => void = () => undefined;
  const handler: RequestListener = (_req, res) => {
    pending.push(() => res.end("done"));
    arrived();
  };
  const onWebSocket: UpgradeListener = (_req, socket) => socket.write("HTTP/1.1 101 Switching Protocols\r\n\r\n");
  const server = await listen(handler, { port: 0, host: "127.0.0.1", onWebSocket });
  return {
    ...server,
    release: () => {
      for (const answer of pending) answer();
    },
    nextRequest: () => new Promise<void>((resolve) => (arrived = resolve)),
  };
}

/** Resolves with the body and whether the server closed the connection behind it. */
function fetchOnce(port: number, agent: Agent): Promise<{ body: string; connection: string | undefined }> {
  return new Promise((resolve, reject) => {
    get({ port, host: "127.0.0.1", agent }, async (res) => {
      const chunks = await res.toArray();
      resolve({ body: chunks.join(""), connection: res.headers.connection });
    }).on("error", reject);
  });
}

/** Whoever waits for it is too late for the test. */
const GRACE_MS = 600_000;

/** Whoever is at the door already is let in before it closes. */
async function untilRefused(port: number): Promise<void> {
  await eventually(async () => {
    const socket = connect(port, "127.0.0.1");
    try {
      await once(socket, "connect");
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === "ECONNREFUSED"; // Of node:net.
    } finally {
      socket.destroy();
    }
    return false;
  });
}

describe("listen", () => {
  test("lets a thousand connections wait that come while the process has no time for them", async () => {
    const server = await heldServer();
    const { crowd, count } = await meetCrowd(server.port);
    expect(count).toBe(1000);
    await crowd.terminate();
    await server.stop(100);
  });

  test("says in one line which port is taken", async () => {
    const first = await heldServer();
    await expect(listen(() => undefined, { port: first.port, host: "127.0.0.1" })).rejects.toThrow(
      `port ${first.port} is already in use; stop the other process or set PORT to another one`,
    );
    await first.stop(100);
  });

  test("lets a running request end, then closes its kept-alive connection and refuses new ones", async () => {
    const server = await heldServer();
    const agent = new Agent({ keepAlive: true });
    const arrived = server.nextRequest();
    const answer = fetchOnce(server.port, agent);
    await arrived;
    const stopped = server.stop(GRACE_MS);
    await untilRefused(server.port);
    server.release();
    expect((await answer).body).toBe("done");
    await stopped;
  });

  test("closes idle connections at once", async () => {
    const server = await heldServer();
    const socket = connect(server.port, "127.0.0.1");
    await once(socket, "connect");
    const agent = new Agent({ keepAlive: true });
    const arrived = server.nextRequest();
    const answer = fetchOnce(server.port, agent);
    await arrived;
    server.release();
    await answer;
    const closed = once(socket, "close");
    socket.resume();
    await server.stop(GRACE_MS);
    await closed;
  });

  test("with a grace, answers what still arrives on an open connection, and then closes it", async () => {
    const server = await heldServer();
    const agent = new Agent({ keepAlive: true });
    const first = server.nextRequest();
    const answer = fetchOnce(server.port, agent);
    await first;
    server.release();
    expect((await answer).connection).toBe("keep-alive");
    const stopped = server.stop(5000, 1000);
    await untilRefused(server.port);
    const second = server.nextRequest();
    const lateAnswer = fetchOnce(server.port, agent);
    await second;
    server.release();
    expect(await lateAnswer).toEqual({ body: "done", connection: "close" });
    await stopped;
  });

  test("lets in who waits at the door when it begins to close: a proxy would not repeat a POST that it has sent already", async () => {
    const server = await heldServer();
    const socket = connect(server.port, "127.0.0.1");
    socket.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
    const answered = once(socket, "data");
    const arrived = server.nextRequest();
    await new Promise(process.nextTick); // It connects now, and nobody has accepted it.
    const stopped = server.stop(5000, 1000);
    await arrived;
    server.release();
    expect(String(await answered)).toContain("200 OK");
    await stopped;
  });

  test("cuts a request that outlives the deadline, and an upgraded connection", async () => {
    const server = await heldServer();
    const upgraded = connect(server.port, "127.0.0.1");
    upgraded.write("GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    await once(upgraded, "data");
    const cutOff = once(upgraded, "error");
    const arrived = server.nextRequest();
    const answer = fetchOnce(server.port, new Agent());
    await arrived;
    const cut = expect(answer).rejects.toThrow(/ECONNRESET|socket hang up/);
    await server.stop(50);
    await cut;
    expect(await cutOff).toMatchObject([{ code: "ECONNRESET" }]);
  });
});

test.each([
  ["HTTP/1.1", "", "HTTP/1.1 400 "],
  ["HTTP/1.1", "Connection: Upgrade\r\nUpgrade: websocket\r\n", "HTTP/1.1 400 "],
  ["HTTP/1.1", "Host:\r\nConnection: close\r\n", "HTTP/1.1 200 "],
  ["HTTP/1.0", "", "HTTP/1.1 200 "],
])("a request of %s that says %j is answered %s, a refusal as a problem", async (version, head, status) => {
  const accept: UpgradeListener = (_req, socket) => socket.end("HTTP/1.1 101 Switching Protocols\r\n\r\n");
  const server = await listen((_req, res) => res.end("done"), { port: 0, host: "127.0.0.1", onWebSocket: accept });
  const socket = connect(server.port, "127.0.0.1");
  socket.write(`GET / ${version}\r\n${head}\r\n`);
  const answer = String(await once(socket, "data"));
  socket.destroy();
  await server.stop(0);
  expect(answer.startsWith(status)).toBe(true);
  if (status.includes("400")) expect(answer).toMatch(/x-request-id: .*[\s\S]*"type":"\/problems\/malformed"/i);
});
