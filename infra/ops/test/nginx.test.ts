import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { get, type IncomingMessage, type RequestListener, request } from "node:http";
import { get as secureGet } from "node:https";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { canonicalTarget, type HttpServer, listen, Problem, sendJson, sendProblem } from "@fx-ohlc/service-kit";
import { configureNginx, eventually, freePort, NGINX, whyNoNginx } from "@fx-ohlc/testkit";
import { textOf as fileOf, pathOf } from "./repository.js";

const UPSTREAMS = ["tick_ingest", "ohlc_query", "stream_gateway"] as const;
/** As services are told. */
const BEHIND_NGINX = { trustedProxies: ["127.0.0.1"], publicUrl: undefined };
type Upstream = (typeof UPSTREAMS)[number];

/** The edge's own configuration, in front of these ports. */
function configure(folder: string, port: number, [ingest = 0, query = 0, gateway = 0]: readonly number[]): string {
  const services = { tick_ingest: ingest, ohlc_query: query, stream_gateway: gateway };
  return configureNginx({ folder, port, services, trusted: "127.0.0.2" });
}

async function textOf(socket: Socket): Promise<string> {
  let text = "";
  for await (const piece of socket) text += piece;
  return text;
}

const whyNot = whyNoNginx();
if (whyNot !== undefined) console.warn(`nginx is not tried: ${whyNot}`);
const describeNginx = whyNot === undefined ? describe : describe.skip;

describeNginx("nginx as it is configured", () => {
  const folder = mkdtempSync(join(tmpdir(), "nginx-"));
  const ok: RequestListener = (req, res) => sendJson(res, 200, { url: req.url, via: req.headers.via });
  const handlers: Record<Upstream, RequestListener> = { tick_ingest: ok, ohlc_query: ok, stream_gateway: ok };
  const services: HttpServer[] = [];
  let nginx: ChildProcess;
  let port: number;
  let url: string;

  beforeAll(async () => {
    for (const name of UPSTREAMS) {
      const onWebSocket = (_req: IncomingMessage, socket: NodeJS.WritableStream) => void socket.end();
      const options = { port: 0, host: "127.0.0.1", forwarding: BEHIND_NGINX, onWebSocket };
      services.push(await listen((req, res) => handlers[name](req, res), options));
    }
    port = await freePort();
    url = `http://127.0.0.1:${port}`;
    const ports = services.map((service) => service.port);
    nginx = spawn(NGINX, ["-p", folder, "-c", configure(folder, port, ports)], { stdio: "inherit" });
    await eventually(async () => (await fetch(`${url}/live`)).ok, { what: "nginx" });
  });

  beforeEach(() => {
    for (const name of UPSTREAMS) handlers[name] = ok;
  });

  afterAll(async () => {
    const ended = once(nginx, "exit");
    nginx.kill("SIGTERM");
    await ended;
    await Promise.all(services.map((service) => service.stop(100)));
    rmSync(folder, { recursive: true });
  });

  const open = (allowHalfOpen = false) => connect({ port, host: "127.0.0.1", allowHalfOpen }).setEncoding("utf8");

  test("answers what offers another protocol", async () => {
    for (const path of ["/ohlc/minute", "/ws/stats", "/live"]) {
      const socket = open();
      const headers = "Host: x\r\nConnection: Upgrade, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AA";
      socket.write(`GET ${path} HTTP/1.1\r\n${headers}\r\n\r\n`);
      expect(await textOf(socket)).toMatch(/^HTTP\/1.1 200 /);
    }
  });

  test("answers a client that has ended its side, however long it takes", async () => {
    let answer: () => void = () => undefined;
    const asked = new Promise<void>((resolve) => {
      handlers.tick_ingest = (req, res) => {
        answer = () => sendJson(res, 201, {});
        req.once("end", resolve).resume();
      };
    });
    const socket = open(true);
    socket.end(
      "POST /ticks HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
    );
    await asked;
    // nginx has one process here: when it answers this, it has seen the end of the other.
    await fetch(`${url}/live`);
    answer();
    expect(await textOf(socket)).toMatch(/^HTTP\/1.1 201 /);
  });

  test("does not repeat what took too long, and hands it on as it is: no reason to come back", async () => {
    let asked = 0;
    const slow: RequestListener = (req, res) => {
      asked += 1;
      req.resume();
      sendProblem(res, new Problem("timeout", "too long"));
    };
    handlers.tick_ingest = slow;
    handlers.ohlc_query = slow;
    const json = { "Content-Type": "application/json" };
    for (const [path, init] of [
      ["/ticks", { method: "POST", headers: json, body: "{}" }],
      ["/ticks/bulk", { method: "POST", headers: json, body: "[]" }],
      ["/ticks/bulk", { method: "POST", headers: { "Content-Type": "text/csv" }, body: "time,price" }],
      ["/ticks?symbol=X", {}],
      ["/ohlc/minute", {}],
    ] as const) {
      asked = 0;
      const answer = await fetch(url + path, init);
      expect([path, answer.status, answer.headers.get("retry-after"), asked]).toEqual([path, 504, null, 1]);
      expect(await answer.json()).toMatchObject({ type: "/problems/timeout" });
    }
  });

  test("hands on a refusal that comes before the end of the body, whatever the sender does", async () => {
    handlers.tick_ingest = (_req, res) => sendProblem(res, new Problem("invalid", "no"));
    for (let round = 0; round < 30; round += 1) {
      const upload = request(`${url}/ticks/bulk`, { method: "POST", headers: { "Content-Type": "text/csv" } });
      const failed = once(upload, "error");
      for (let piece = 0; piece < 16; piece += 1) upload.write(Buffer.alloc(64 * 1024, "x"));
      const [answer] = await Promise.race([once(upload, "response"), failed]);
      expect(answer).toMatchObject({ statusCode: 422 });
      upload.destroy();
    }
  });

  test("passes lines of any known length on, and refuses a longer array than a service takes", async () => {
    let bytes = 0;
    handlers.tick_ingest = async (req, res) => {
      bytes = 0;
      for await (const piece of req) bytes += (piece as Buffer).length;
      sendJson(res, 201, {});
    };
    const statusOf = async (type: string, length: number) => {
      const body = Buffer.alloc(length, " ");
      return (await fetch(`${url}/ticks/bulk`, { method: "POST", headers: { "Content-Type": type }, body })).status;
    };
    expect([await statusOf("text/csv", 15_000_000), bytes]).toEqual([201, 15_000_000]);
    expect([await statusOf("application/json", 10_485_760), bytes]).toEqual([201, 10_485_760]);
    expect(await statusOf("application/json", 15_000_000)).toBe(413);
  });

  test("has a bound on what one address has open", async () => {
    const waiting = () => {
      const socket = open();
      socket.write("POST /ticks/bulk HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n");
      return socket.on("error", () => undefined);
    };
    const sockets = Array.from({ length: 510 }, waiting);
    await eventually(
      async () => {
        // The question counts too: one that was answered while these came has left a place.
        sockets.push(waiting());
        return (await fetch(`${url}/ohlc/minute`)).status === 429;
      },
      { what: "429" },
    );
    for (const socket of sockets) socket.destroy();
    await eventually(async () => (await fetch(`${url}/ohlc/minute`)).ok, { what: "an answer" });
  });

  test("hands on who asks, also to the health of each service", async () => {
    const shown: (string | undefined)[] = [];
    const seen: RequestListener = (req, res) => {
      shown.push(`${req.url} ${req.headers.authorization}`);
      sendJson(res, 200, { status: "healthy" });
    };
    for (const name of UPSTREAMS) handlers[name] = seen;
    const headers = { Authorization: "Bearer fxk_1_secret" };
    for (const path of ["/ohlc/minute", "/keys", "/health"]) await fetch(url + path, { headers });
    const paths = ["/ohlc/minute", "/keys", "/health", "/health", "/health"];
    expect(shown).toEqual(paths.map((path) => `${path} Bearer fxk_1_secret`));
  });

  test("tells services who asks, and of what he says himself nothing, unless he is a proxy that is trusted", async () => {
    handlers.ohlc_query = (req, res) => {
      const { forwarded, "x-forwarded-for": by, "x-forwarded-host": host, ...others } = req.headers;
      const [proto, prefix] = [others["x-forwarded-proto"], others["x-forwarded-prefix"]];
      sendJson(res, 200, [forwarded, by, host, proto, prefix]);
    };
    const headers = {
      "X-Forwarded-For": "198.51.100.6, 192.0.2.1",
      "X-Forwarded-Host": "fx.example",
      "X-Forwarded-Proto": "https",
      "X-Forwarded-Prefix": "/fx",
      Forwarded: "for=192.0.2.9;host=evil.example",
    };
    const told = async (localAddress: string) => {
      const asking = get(`${url}/ohlc/minute`, { headers, localAddress, agent: false });
      const [answer]: IncomingMessage[] = await once(asking, "response");
      return answer === undefined ? undefined : JSON.parse(await text(answer));
    };
    expect(await told("127.0.0.1")).toEqual([null, "127.0.0.1", null, "http", null]);
    expect(await told("127.0.0.2")).toEqual([null, "192.0.2.1", "fx.example", "https", "/fx"]);
  });

  test("says of the system's health no more than the services say of theirs", async () => {
    const answer = async () => (await fetch(`${url}/health`)).json();
    for (const name of UPSTREAMS) handlers[name] = (_req, res) => sendJson(res, 200, { status: "healthy" });
    expect(await answer()).toEqual({ status: "healthy" });
    handlers.ohlc_query = (_req, res) => sendJson(res, 503, { status: "unhealthy" });
    expect(await answer()).toEqual({ status: "unhealthy" });
    const report = { status: "healthy", database: "connected", version: "1" };
    for (const name of UPSTREAMS) handlers[name] = (_req, res) => sendJson(res, 200, report);
    expect(await answer()).toMatchObject({ status: "healthy", services: { "tick-ingest": "healthy" }, version: "1" });
  });

  test("writes no key and no ticket of an address into any log, whatever becomes of the request", async () => {
    const secret = "fxk_1_s3cret";
    const cut: RequestListener = (req) => void req.socket.destroy();
    for (const name of UPSTREAMS) handlers[name] = cut;
    const referer = { Referer: `http://page/?token=${secret}` };
    for (const [path, init] of [
      ["/ohlc/minute", { headers: referer }],
      ["/ws", {}],
      ["/nowhere", {}],
      ["/ticks", { method: "POST", body: "{}" }],
      ["/ticks/bulk", { method: "POST", body: Buffer.alloc(12 * 1024 * 1024) }],
    ] as const) {
      const answer = await fetch(`${url}${path}?token=${secret}&ticket=${secret}`, init).catch(() => undefined);
      expect(answer?.ok).not.toBe(true);
    }
    const socket = open();
    socket.write(`GET /ohlc/minute?token=${secret} HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n`);
    await textOf(socket);
    const logs = readdirSync(folder).filter((name) => name.endsWith(".log"));
    const written = logs.map((name) => readFileSync(join(folder, name), "utf8")).join("");
    expect(logs.length).toBeGreaterThan(1);
    expect(written).toContain('"path":"/ohlc/minute","status":503');
    expect(written).not.toContain("s3cret");
  });

  test("refuses stray bytes after the answer to the request before them", async () => {
    const socket = open();
    socket.write("GET /ohlc/minute HTTP/1.1\r\nHost: x\r\n\r\n\0");
    expect(await textOf(socket)).toMatch(/^HTTP\/1.1 200 [\s\S]*HTTP\/1.1 400 /);
  });

  test("takes a path with two slashes at its start, or with letters escaped, and leads nowhere by that", async () => {
    handlers.ohlc_query = ok;
    for (const path of ["//ticks?symbol=EURUSD", "/%74icks", "//ohlc/minute"])
      expect(await (await fetch(url + path)).json()).toMatchObject({ url: canonicalTarget(path) });
    for (const path of ["//internal/anchor", "/%69nternal/anchor", "/ohlc%2f..%2finternal"])
      expect([path, (await fetch(url + path)).status]).toEqual([path, 404]);
  });

  test("says what its clients speak, so that a service knows who would not see that he was cut off", async () => {
    const via = async (version: string, more = "") => {
      const socket = open();
      socket.write(`GET /ohlc/minute HTTP/${version}\r\nHost: x\r\nConnection: close\r\n${more}\r\n`);
      return /"via":"(.*)"/.exec(await textOf(socket))?.[1];
    };
    expect(await via("1.0")).toBe("1.0 edge");
    expect(await via("1.1", "Via: 1.0 other\r\n")).toBe("1.0 other, 1.1 edge");
  });
});

test("what nginx says of itself becomes lines of JSON", () => {
  const said = [
    "2026/11/29 14:05:59 [warn] 1#1: 32768 worker_connections exceed open file resource limit: 20000",
    '2026/11/29 14:06:00 [emerg] 1#1: open() "/etc/nginx/x\\y" failed (2: No such file)\twith a tab',
    "bash: line 1: nginx: not found",
  ];
  const args = ["-E", "-f", pathOf("infra/nginx/json-errors.sed")];
  const lines = execFileSync("sed", args, { input: `${said.join("\n")}\n`, encoding: "utf8" })
    .trim()
    .split("\n");
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    {
      timestamp: "2026-11-29T14:05:59Z",
      service: "edge",
      level: "warn",
      message: "1#1: 32768 worker_connections exceed open file resource limit: 20000",
    },
    {
      timestamp: "2026-11-29T14:06:00Z",
      service: "edge",
      level: "emerg",
      message: '1#1: open() "/etc/nginx/x\\y" failed (2: No such file)\twith a tab',
    },
    { service: "edge", level: "error", message: "bash: line 1: nginx: not found" },
  ]);
});

describeNginx("nginx with a certificate", () => {
  const folder = mkdtempSync(join(tmpdir(), "nginx-tls-"));
  const pem = join(folder, "edge.pem");
  let nginx: ChildProcess;
  let service: HttpServer;
  let [plain, secure] = [0, 0];

  beforeAll(async () => {
    execFileSync("openssl", [
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"],
      ...["-subj", "/CN=localhost", "-keyout", pem, "-out", join(folder, "certificate.pem")],
    ]);
    writeFileSync(pem, readFileSync(pem, "utf8") + readFileSync(join(folder, "certificate.pem"), "utf8"));
    service = await listen((req, res) => sendJson(res, 200, { proto: req.headers["x-forwarded-proto"] }), {
      port: 0,
      host: "127.0.0.1",
      forwarding: BEHIND_NGINX,
    });
    [plain, secure] = [await freePort(), await freePort()];
    const file = configure(
      folder,
      plain,
      UPSTREAMS.map(() => service.port),
    );
    mkdirSync(join(folder, "tls"));
    const tls = fileOf("infra/nginx/tls.conf").replaceAll("/run/secrets/tls_pem", pem);
    writeFileSync(join(folder, "tls", "tls.conf"), tls.replace("listen 8443", `listen 127.0.0.1:${secure}`));
    nginx = spawn(NGINX, ["-p", folder, "-c", file], { stdio: "inherit" });
    await eventually(async () => (await ask(`http://127.0.0.1:${plain}/live`)).status === 308, { what: "nginx" });
  });

  afterAll(async () => {
    const ended = once(nginx, "exit");
    nginx.kill("SIGTERM");
    await ended;
    await service.stop(100);
    rmSync(folder, { recursive: true });
  });

  async function ask(url: string) {
    const send = url.startsWith("https") ? secureGet : get;
    const [answer]: IncomingMessage[] = await once(send(url, { rejectUnauthorized: false, agent: false }), "response");
    return {
      status: answer?.statusCode,
      headers: answer?.headers,
      body: answer === undefined ? "" : await text(answer),
    };
  }

  test("serves HTTPS, tells services so, and tells browsers to stay there", async () => {
    const { status, headers, body } = await ask(`https://127.0.0.1:${secure}/ohlc/minute`);
    expect([status, headers?.["strict-transport-security"]]).toEqual([200, "max-age=31536000"]);
    expect(JSON.parse(body)).toEqual({ proto: "https" });
  });

  test("sends what comes without TLS there, method and all", async () => {
    const { status, headers } = await ask(`http://127.0.0.1:${plain}/ticks?symbol=EURUSD`);
    expect([status, headers?.location]).toEqual([308, "https://127.0.0.1/ticks?symbol=EURUSD"]);
  });
});
