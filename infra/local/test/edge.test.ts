import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { connect, type Socket } from "node:net";
import { networkInterfaces } from "node:os";
import { eventually } from "@fx-ohlc/embedded";
import { listen, Problem, sendProblem } from "@fx-ohlc/service-kit";
import { EdgeUnderTest, type Upstream } from "./edge-under-test.js";

describe("the edge", () => {
  let edge: EdgeUnderTest;
  let ingest: Upstream;
  let query: Upstream;
  let port: number;
  let url: string;

  beforeAll(async () => {
    edge = await EdgeUnderTest.start();
    ({ ingest, query, port, url } = edge);
  });
  beforeEach(() => edge.reset());
  afterAll(() => edge.stop());

  it("passes a request and its answer as they are", async () => {
    query.handler = (req, res) => {
      res.writeHead(206, { ETag: '"x"', Link: "</ohlc/minute?cursor=1>; rel=next", "X-Request-Id": "theirs" });
      res.end(`${req.url} ${req.headers["x-request-id"]} ${req.headers["if-none-match"]}`);
    };
    const headers = { "X-Request-Id": "mine", "If-None-Match": '"y"' };
    const answer = await fetch(`${url}/ohlc/minute?symbol=EUR%2FUSD&limit=2`, { headers });
    expect(answer.status).toBe(206);
    expect(answer.headers.get("etag")).toBe('"x"');
    expect(answer.headers.get("link")).toBe("</ohlc/minute?cursor=1>; rel=next");
    expect(answer.headers.get("x-request-id")).toBe("theirs");
    expect(await answer.text()).toBe('/ohlc/minute?symbol=EUR%2FUSD&limit=2 mine "y"');
  });

  it("tells services who asks, and nothing of what he says about that himself", async () => {
    query.handler = (req, res) => {
      const { forwarded, host, "x-forwarded-for": by, "x-forwarded-host": asked, ...others } = req.headers;
      const said = [others["x-forwarded-proto"], others["x-forwarded-prefix"]];
      res.end(JSON.stringify([forwarded, by, asked === host, ...said]));
    };
    const headers = {
      ...{ Forwarded: "for=6.6.6.6;host=evil.example", "X-Forwarded-For": "6.6.6.6" },
      ...{ "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https", "X-Forwarded-Prefix": "/evil" },
    };
    const told = await (await fetch(`${url}/symbols`, { headers })).json();
    expect(told).toEqual([null, "127.0.0.1", true, "http", null]);
  });

  it("gives a request without an id one that the service sees too", async () => {
    query.handler = (req, res) => res.end(req.headers["x-request-id"]);
    const answer = await fetch(`${url}/symbols`);
    expect(await answer.text()).toBe(answer.headers.get("x-request-id"));
  });

  it("streams a body to the service while it is still being sent, and the answer back", async () => {
    ingest.handler = (req, res) => {
      req.on("data", (bytes) => res.write(`got ${bytes};`));
      req.on("end", () => res.end("end"));
    };
    const upload = request(`${url}/ticks/bulk`, { method: "POST", headers: { "Content-Type": "text/csv" } });
    const answered = once(upload, "response");
    upload.write("one");
    const [answer]: IncomingMessage[] = await answered;
    let text = "";
    answer?.on("data", (bytes) => (text += String(bytes)));
    await eventually(() => text === "got one;");
    upload.write("two");
    await eventually(() => text === "got one;got two;");
    upload.end();
    await eventually(() => text === "got one;got two;end");
  });

  it("holds a sender back when the service does not read", async () => {
    ingest.handler = (req) => req.pause();
    const upload = request(`${url}/ticks/bulk`, { method: "POST" });
    upload.on("error", () => undefined);
    // 64 MB are more than all socket buffers on the way hold; what has not left this process by then waits here.
    const total = 64 * 1024 * 1024;
    upload.end(Buffer.alloc(total));
    await eventually(() => upload.socket !== null && upload.socket.bytesWritten > 0);
    await expect(eventually(() => upload.writableLength === 0, { timeoutMs: 1_000 })).rejects.toThrow("waited");
    upload.destroy();
  });

  it("ends the request to the service when the client goes away", async () => {
    let state = "unasked";
    query.handler = (_req, res) => {
      state = "asked";
      res.once("close", () => (state = "ended"));
    };
    const client = new AbortController();
    const answer = fetch(`${url}/ohlc/minute`, { signal: client.signal }).catch((error: Error) => error.name);
    await eventually(() => state === "asked");
    client.abort();
    expect(await answer).toBe("AbortError");
    await eventually(() => state === "ended");
  });

  it("answers 503 with Retry-After for a service that is away, and recovers with it", async () => {
    await query.close();
    const answer = await fetch(`${url}/ohlc/minute?symbol=EURUSD`, { headers: { "X-Request-Id": "mine" } });
    expect(answer.status).toBe(503);
    expect(answer.headers.get("retry-after")).toBe("1");
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    expect(await answer.json()).toMatchObject({ type: "/problems/unavailable", status: 503, request_id: "mine" });
    await query.listen();
    expect((await fetch(`${url}/ohlc/minute`)).status).toBe(200);
  });

  it("cuts an answer short when its service dies in the middle, rather than ending it as if whole", async () => {
    let die = (): void => undefined;
    query.handler = (_req, res) => {
      res.write("[1,");
      die = () => void res.destroy();
    };
    const answer = await fetch(`${url}/ohlc/minute`);
    die();
    await expect(answer.text()).rejects.toThrow();
  });

  const open = (allowHalfOpen = false) => connect({ port, host: "127.0.0.1", allowHalfOpen }).setEncoding("utf8");

  /** Everything that comes until the connection ends in good order. */
  const textOf = async (socket: Socket): Promise<string> => {
    let text = "";
    for await (const piece of socket) text += piece;
    return text;
  };

  it("resets a reader of HTTP/1.0 when the service dies in the middle of an answer", async () => {
    let die: () => void = () => undefined;
    query.handler = (_req, res) => {
      res.write("half");
      die = () => void res.destroy();
    };
    const socket = open();
    socket.write("GET /ohlc/minute HTTP/1.0\r\nHost: x\r\n\r\n");
    expect(String(await once(socket, "data"))).toContain("half");
    const rest = textOf(socket);
    die();
    await expect(rest).rejects.toThrow("ECONNRESET");
  });

  it("takes a path as a service does, and leads nowhere by another spelling of it", async () => {
    const answers = async (path: string) => (await fetch(url + path)).text();
    expect(await answers("//ticks/?symbol=EURUSD")).toBe("GET /ticks/?symbol=EURUSD");
    expect(await answers("/%74icks")).toBe("GET /ticks");
    for (const path of ["//internal/anchor", "/%69nternal/anchor", "///ticks", "/ohlc%2Fminute"])
      expect([path, (await fetch(url + path)).status]).toEqual([path, 404]);
  });

  it("refuses a request without a name where the service would, which is told no name of its own", async () => {
    const statusOf = async (path: string) => {
      const socket = open();
      socket.write(`GET ${path} HTTP/1.0\r\n\r\n`);
      return (await textOf(socket)).split(" ", 2)[1];
    };
    for (const path of ["/ohlc/minute", "/keys", "/health", "/nothing"])
      expect([path, await statusOf(path)]).toEqual([path, "421"]);
    for (const path of ["/live", "/metrics/ohlc-query"]) expect([path, await statusOf(path)]).toEqual([path, "200"]);
  });

  it.each([
    ["POST /ticks HTTP/1.1", "Host: "],
    ["GET /ohlc/minute HTTP/1.1", "Host:"],
    ["GET http:///ohlc/minute HTTP/1.1", "Host: localhost"],
    ["GET /ws/ticks HTTP/1.1", "Host: \t\r\nUpgrade: websocket\r\nConnection: Upgrade"],
    ["GET http:///ws/ticks HTTP/1.1", "Host: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade"],
  ])("refuses an empty name as a service does: %s", async (line, head) => {
    const socket = open();
    socket.write(`${line}\r\n${head}\r\nContent-Length: 0\r\n\r\n`);
    expect(String(await once(socket, "data"))).toMatch(/^HTTP\/1.1 421 [\s\S]*application\/problem\+json/);
    socket.destroy();
  });

  it("is there by both addresses of loopback", async () => {
    expect((await fetch(`http://[::1]:${port}/live`)).status).toBe(200);
    const others = Object.values(networkInterfaces())
      .flat()
      .filter((address) => address?.internal === false);
    for (const address of others.filter((address) => address?.family === "IPv4"))
      await expect(fetch(`http://${address?.address}:${port}/live`)).rejects.toThrow("fetch failed");
  });

  it("answers a client that has ended its side, and what offers another protocol", async () => {
    for (const head of [
      "Connection: close",
      "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA",
    ]) {
      for (const path of ["/ohlc/minute", "/ws/stats", "/live"]) {
        const socket = open(true);
        socket.end(`GET ${path} HTTP/1.1\r\nHost: x\r\n${head}\r\n\r\n`);
        expect(await textOf(socket)).toMatch(/^HTTP\/1.1 200 /);
      }
    }
  });

  it("keeps a connection after an upload in chunks", async () => {
    ingest.handler = (req, res) => void req.once("end", () => res.writeHead(201).end("stored")).resume();
    const socket = open();
    for (const _ of [1, 2]) {
      socket.write("POST /ticks/bulk HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n");
      const answer = String(await once(socket, "data"));
      expect(answer).toMatch(/^HTTP\/1\.1 201 /);
      expect(answer).toMatch(/^connection: keep-alive\r$/im);
    }
    socket.destroy();
  });

  it("refuses stray bytes after the answer to the request before them", async () => {
    ingest.handler = (req, res) => void req.once("end", () => res.writeHead(201).end("stored")).resume();
    const socket = open();
    socket.write("POST /ticks HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi\0");
    expect(await textOf(socket)).toMatch(
      /^HTTP\/1.1 201 [\s\S]*stored[\s\S]*HTTP\/1.1 400 [\s\S]*\/problems\/malformed/,
    );
  });

  it("hands on a refusal that comes before the end of the body, whatever the sender does, and goes on", async () => {
    await ingest.close();
    const refusing = await listen((_req, res) => sendProblem(res, new Problem("invalid", "no")), { port: ingest.port });
    try {
      for (let round = 0; round < 30; round += 1) {
        const upload = request(`${url}/ticks/bulk`, { method: "POST", headers: { "Content-Type": "text/csv" } });
        const failed = once(upload, "error");
        for (let piece = 0; piece < 16; piece += 1) upload.write(Buffer.alloc(64 * 1024, "x"));
        const [answer] = await Promise.race([once(upload, "response"), failed]);
        expect(answer).toMatchObject({ statusCode: 422 });
        upload.destroy();
        expect((await fetch(`${url}/ticks`, { method: "POST", body: "{}" })).status).toBe(422);
      }
    } finally {
      await refusing.stop(100);
    }
  });

  it("asks a service one request of a connection at a time, however many it sends ahead, and others at once", async () => {
    const open = new Set<Socket>();
    const waiting: (() => void)[] = [];
    query.handler = (req, res) => {
      open.add(req.socket);
      if (req.url === "/symbols") res.end("other");
      else waiting.push(() => res.end(`${req.url}\n`));
    };
    const path = (number: number) => `/ohlc/minute?limit=${number}`;
    const ahead = Array.from({ length: 300 }, (_, number) => path(number));
    const floods = Array.from({ length: 20 }, () => connect({ port, host: "127.0.0.1" }).setEncoding("utf8"));
    for (const flood of floods) {
      flood.write(ahead.map((target) => `GET ${target} HTTP/1.1\r\nHost: x\r\n\r\n`).join(""));
      flood.write(`GET ${path(300)} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    }
    await eventually(() => waiting.length === 20);
    for (let round = 0; round < 5; round += 1) expect(await (await fetch(`${url}/symbols`)).text()).toBe("other");
    expect(waiting).toHaveLength(20);
    const texts = Promise.all(floods.map(textOf));
    const answering = setInterval(() => {
      for (const answer of waiting.splice(0)) answer();
    });
    for (const text of await texts)
      expect(text.match(/limit=\d+/g)).toEqual([...ahead, path(300)].map((p) => p.slice(13)));
    clearInterval(answering);
    expect(open.size).toBeLessThan(40);
  });

  it("asks nothing for who has left, of what he sent ahead", async () => {
    const asked: (string | undefined)[] = [];
    let answer: () => void = () => undefined;
    query.handler = (req, res) => {
      asked.push(req.url);
      answer = () => res.end();
    };
    const socket = open();
    socket.write(`GET /ohlc/minute HTTP/1.1\r\nHost: x\r\n\r\n`.repeat(5));
    await eventually(() => asked.length === 1);
    socket.resetAndDestroy();
    await eventually(async () => {
      answer();
      return (await (await fetch(`${url}/metrics/stream-gateway`)).text()) !== "";
    });
    expect(asked).toEqual(["/ohlc/minute"]);
  });

  it.each(["/internal/anchor", "/nothing"])("answers 404 to %s without asking anybody", async (path) => {
    const answer = await fetch(`${url}${path}`);
    expect(answer.status).toBe(404);
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    expect(await answer.json()).toMatchObject({ type: "/problems/not_found", status: 404 });
  });
});
