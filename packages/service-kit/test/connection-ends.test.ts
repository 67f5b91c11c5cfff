import { once } from "node:events";
import { Agent, type IncomingMessage, type RequestListener, request } from "node:http";
import { connect, type Socket } from "node:net";
import { Worker } from "node:worker_threads";
import { cutOff, type HttpServer, listen, Problem, sendJson, sendProblem } from "../src/index.js";

let handler: RequestListener = (_req, res) => sendJson(res, 200, {});
let server: HttpServer;
const BEHIND_PROXY = { trustedProxies: ["127.0.0.1"], publicUrl: undefined };

beforeAll(async () => {
  const onWebSocket = (_req: IncomingMessage, socket: NodeJS.WritableStream) => socket.end("HTTP/1.1 101 Ok\r\n\r\n");
  server = await listen((req, res) => handler(req, res), {
    port: 0,
    host: "127.0.0.1",
    forwarding: BEHIND_PROXY,
    onWebSocket,
  });
});
afterAll(() => server.stop(100));

function open(allowHalfOpen = false): Socket {
  return connect({ port: server.port, host: "127.0.0.1", allowHalfOpen }).setEncoding("utf8");
}

/** Everything that comes until the connection ends in good order. */
async function textOf(socket: Socket): Promise<string> {
  let text = "";
  for await (const piece of socket) text += piece;
  return text;
}

/** The status lines and the last problem of some answers. */
const statusesOf = (text: string) => [...text.matchAll(/HTTP\/1\.1 (\d+) /g)].map(([, status]) => Number(status));

const echo: RequestListener = async (req, res) => {
  const body = (await req.toArray()).join("");
  // Not in the turn of the request: what follows it is read before it is answered.
  setImmediate(() => sendJson(res, 200, { url: req.url, body }));
};

const refuseAtOnce: RequestListener = (_req, res) => sendProblem(res, new Problem("invalid", "no"));

const POST = "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi";

test("a proxy that ends its side has nobody to read for, and the work for it ends at once", async () => {
  const ended: string[] = [];
  handler = (req, res) => void res.once("close", () => ended.push(req.url ?? ""));
  const sockets = ["client", "proxy"].map((name) => {
    const socket = open(true);
    const forwarded = name === "proxy" ? "X-Forwarded-For: 192.0.2.1\r\n" : "";
    socket.end(`GET /${name} HTTP/1.1\r\nHost: x\r\n${forwarded}\r\n`);
    return socket.resume().on("error", () => undefined);
  });
  await once(sockets[1] as Socket, "close");
  expect(ended).toEqual(["/proxy"]);
  sockets[0]?.destroy();
});

describe("a client that ends its side after its request", () => {
  test("is answered", async () => {
    handler = echo;
    const socket = open(true);
    socket.end(POST);
    const text = await textOf(socket);
    expect(statusesOf(text)).toEqual([200]);
    expect(text).toContain('"body":"hi"');
  });

  test("has left when it does so in the middle of its request", async () => {
    const aborted = new Promise((resolve) => {
      handler = (req) => req.once("error", resolve).resume();
    });
    const socket = open(true);
    socket.end("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\nhi");
    expect(await textOf(socket)).toBe("");
    expect(await aborted).toMatchObject({ code: "ECONNRESET" });
  });
});

describe("bytes that are no request", () => {
  test.each(["\0", "\0\0\0\0", "nonsense\r\n\r\n"])(
    "after two requests get 400 after both answers: %j",
    async (bytes) => {
      handler = echo;
      const socket = open();
      socket.write(POST + POST.replace("/a", "/b") + bytes);
      const text = await textOf(socket);
      expect(statusesOf(text)).toEqual([200, 200, 400]);
      expect(text).toMatch(/"url":"\/a"[\s\S]*"url":"\/b"[\s\S]*"type":"\/problems\/malformed"/);
      expect(text).toMatch(/X-Request-Id: [\w-]{36}\r\n/);
    },
  );

  test("that come after a request's answer get it too", async () => {
    handler = echo;
    const socket = open();
    socket.write(POST);
    const [answer] = await once(socket, "data");
    const rest = textOf(socket);
    socket.write("\0");
    expect(statusesOf(answer + (await rest))).toEqual([200, 400]);
  });

  test("within a body end its request with 400", async () => {
    handler = (req) => void req.on("error", () => undefined).resume();
    const socket = open();
    socket.write("POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nno length");
    expect(statusesOf(await textOf(socket))).toEqual([400]);
  });

  test("headers without end get 431", async () => {
    const socket = open();
    socket.write(`GET / HTTP/1.1\r\nHost: x\r\nA: ${"a".repeat(20_000)}\r\n`);
    const text = await textOf(socket);
    expect(statusesOf(text)).toEqual([431]);
    expect(text).toContain('"type":"/problems/headers_too_large"');
  });
});

/** Writes slower than a server drops, and makes no turn of its event loop as long as the connection takes it. */
const HASTY_SENDER = `
  const { parentPort, workerData: port } = require("node:worker_threads");
  const upload = require("node:http").request({ port, host: "127.0.0.1", method: "POST" });
  upload.on("response", ({ statusCode }) => parentPort.postMessage(statusCode));
  upload.on("error", ({ code }) => parentPort.postMessage(code));
  const piece = Buffer.alloc(64 * 1024, "x");
  function write() {
    for (const untilMs = performance.now() + 30; performance.now() < untilMs; );
    if (upload.write(piece)) process.nextTick(write);
    else upload.once("drain", write);
  }
  upload.once("socket", (socket) => socket.once("connect", write));
`;

describe("an answer before its request's end", () => {
  const megabytes = Buffer.alloc(3 * 1024 * 1024, "x");

  test.each(["keep-alive", "close"])("is read by a sender that writes on (%s)", async (connection) => {
    handler = refuseAtOnce;
    for (let round = 0; round < 20; round += 1) {
      const headers = { Connection: connection, "Transfer-Encoding": "chunked" };
      const upload = request({ port: server.port, host: "127.0.0.1", method: "POST", headers, agent: new Agent() });
      const failure = once(upload, "error");
      const answer: Promise<[IncomingMessage]> = once(upload, "response") as never;
      upload.end(megabytes);
      const result = await Promise.race([answer, failure]);
      expect(result).toMatchObject([{ statusCode: 422 }]);
      result[0].resume();
      upload.destroy();
    }
  });

  test("is read by a sender whose writes never have to wait", async () => {
    handler = refuseAtOnce;
    const workerData = server.port;
    const [result] = await once(new Worker(HASTY_SENDER, { eval: true, workerData }), "message");
    expect(result).toBe(422);
  });

  test("leaves a connection on which the next request is answered", async () => {
    handler = (req, res) => (req.url === "/first" ? refuseAtOnce(req, res) : sendJson(res, 200, {}));
    const socket = open();
    socket.write(`POST /first HTTP/1.1\r\nHost: x\r\nContent-Length: ${megabytes.length}\r\n\r\n`);
    socket.write(megabytes);
    socket.write("GET /second HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    expect(statusesOf(await textOf(socket))).toEqual([422, 200]);
  });
});

describe("an upgrade", () => {
  const ask = (head: string, body = "") => {
    const socket = open();
    socket.write(`${head}\r\nHost: x\r\n${UPGRADE}\r\n\r\n${body}`);
    return socket;
  };
  const UPGRADE = "Connection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABk\r\nUpgrade: h2c";

  test("other than to a WebSocket is ignored, request after request on one connection", async () => {
    const seen: unknown[] = [];
    handler = (req, res) => {
      seen.push(req.headers);
      void echo(req, res);
    };
    const socket = ask("POST /0 HTTP/1.1\r\nContent-Length: 2", "hi");
    for (let i = 1; i < 20; i += 1) {
      expect(String(await once(socket, "data"))).toContain(`{"url":"/${i - 1}","body":"hi"}`);
      socket.write(`POST /${i} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n${UPGRADE}\r\n\r\nhi`);
    }
    expect(String(await once(socket, "data"))).toContain("HTTP/1.1 200");
    expect(seen).toHaveLength(20);
    expect(seen.at(-1)).toEqual({ host: "x", connection: "", "content-length": "2" });
    socket.destroy();
  });

  test("that is asked for behind another request waits for that one's answer", async () => {
    handler = echo;
    const socket = open();
    socket.write(`${POST}GET /b HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\nConnection: upgrade, close\r\n\r\n`);
    const text = await textOf(socket);
    expect(statusesOf(text)).toEqual([200, 200]);
    expect(text).toMatch(/"url":"\/a"[\s\S]*"url":"\/b"/);
  });

  test("that waits for the answer to another request may be reset, which harms nobody", async () => {
    const socket = open();
    // Not by `once`, which would listen to its errors.
    const closed = new Promise((resolve) => {
      handler = (req) => {
        req.socket.on("close", resolve);
        socket.resetAndDestroy();
      };
    });
    socket.write(`GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\n${UPGRADE}\r\n\r\n`);
    await closed;
  });

  test("is ignored where no WebSocket is taken, and what comes with it is read", async () => {
    const plain = await listen(echo, { port: 0, host: "127.0.0.1" });
    const upgrades = ["h2c", "websocket", "h2c"].map(
      (protocol, i) => `GET /${i} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\n`,
    );
    const socket = connect({ port: plain.port, host: "127.0.0.1" }).setEncoding("utf8");
    socket.write(`${upgrades.join("")}GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    const text = await textOf(socket);
    expect(statusesOf(text)).toEqual([200, 200, 200, 200]);
    expect(text).toMatch(/"url":"\/0"[\s\S]*"url":"\/1"[\s\S]*"url":"\/2"[\s\S]*"url":"\/last"/);
    await plain.stop(100);
  });

  test("to a WebSocket is not, but for a method that cannot have one", async () => {
    handler = echo;
    const socket = ask("GET / HTTP/1.1\r\nUpgrade: websocket".replace("\r\nUpgrade: websocket", ""));
    socket.destroy();
    const sockets = [open(), open()];
    for (const [i, method] of ["GET", "POST"].entries()) {
      sockets[i]?.write(`${method} / HTTP/1.1\r\nHost: x\r\nConnection: upgrade, close\r\nUpgrade: WebSocket\r\n\r\n`);
    }
    const texts = await Promise.all(sockets.map(textOf));
    expect(texts.map(statusesOf)).toEqual([[101], [200]]);
  });
});

test("an expectation that nobody knows is ignored, and no tunnel is made, in order", async () => {
  handler = echo;
  const socket = open();
  socket.write(`${POST.replace("\r\n\r\n", "\r\nExpect: nonsense\r\n\r\n")}CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n`);
  const text = await textOf(socket);
  expect(statusesOf(text)).toEqual([200, 405]);
  expect(text).toMatch(/"url":"\/a"[\s\S]*X-Request-Id: [\w-]{36}\r\n[\s\S]*"type":"\/problems\/method_not_allowed"/);
});

test("what ends a body is told whoever is asked, however many headers come before it", async () => {
  handler = (req, res) => sendJson(res, 200, { length: req.headers["content-length"] });
  const socket = open();
  socket.write(POST.replace("Content", `${"a:\r\n".repeat(1010)}Content`));
  expect(String(await once(socket, "data"))).toContain('{"length":"2"}');
  socket.destroy();
});

test("an answer that is cut off is an error to its reader, whatever it knows of its length", async () => {
  let cut: () => void = () => undefined;
  handler = (_req, res) => {
    res.write("half");
    cut = () => cutOff(res);
  };
  const socket = open();
  socket.write("GET / HTTP/1.0\r\n\r\n");
  expect(String(await once(socket, "data"))).toContain("half");
  const rest = textOf(socket);
  cut();
  await expect(rest).rejects.toThrow("ECONNRESET");
});
