import { execFile, execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { promisify } from "node:util";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { type Problem, sendProblem } from "@fx-ohlc/service-kit";
import { AnswerSender, type BodyPart, type TaggedAnswer } from "../src/http/answer.js";
import { Compressor } from "../src/http/compression.js";
import { deflatedPart } from "../src/http/gzip-member.js";
import { ReadDeadline } from "../src/http/read-deadline.js";

/** Rows of a chunk of bars, each with its separator in front. */
function rowsOf(chunk: number, count: number): Buffer {
  const rows = Array.from({ length: count }, (_, i) => `,{"bucket":${chunk * 10_000 + i},"open":1.1${i % 89}}`);
  return Buffer.from(rows.join(""));
}

const SMALL = [Buffer.from("["), rowsOf(0, 60).subarray(1), Buffer.from("]")];
const LARGE = [
  Buffer.from("["),
  rowsOf(1, 700).subarray(1),
  ...[2, 3, 4].map((chunk) => rowsOf(chunk, 1440)),
  ...[rowsOf(5, 3), Buffer.from("]")],
];

/** Bodies that were asked for. */
let made = 0;
let server: Server;
let url: string;

/** A whole chunk is kept compressed; edges are not, and what stands around them even less. */
async function answerOf(pieces: readonly Buffer[]): Promise<TaggedAnswer> {
  const kept = async (raw: Buffer): Promise<BodyPart> => {
    if (raw.length <= 40_000) return { raw };
    const known = await deflatedPart(raw);
    return { raw, kept: { known, make: async () => known } };
  };
  const parts = await Promise.all(pieces.map(kept));
  const whole = Buffer.concat(pieces);
  return {
    tag: `"${createHash("md5").update(whole).digest("hex")}"`,
    length: whole.length,
    contentType: "application/json",
    isKept: true,
    parts: () => {
      made += 1;
      return parts;
    },
  };
}

beforeAll(async () => {
  const sender = new AnswerSender();
  const [small, large] = await Promise.all([answerOf(SMALL), answerOf(LARGE)]);
  server = createServer((req, res) => {
    const deadline = new ReadDeadline(res, 5000, { isEnded: false });
    const whole = req.url === "/small" ? small : large;
    const send = async () => sender.send(req, res, { rows: 1, make: () => whole }, deadline);
    void send().catch((problem: Problem) => sendProblem(res, problem));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => void server.close());
beforeEach(() => {
  made = 0;
});

async function exchange(path: string, method: string, headers: Record<string, string>) {
  const outgoing = request(url + path, { method, headers }).end();
  const [res]: [IncomingMessage] = (await once(outgoing, "response")) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of res) chunks.push(chunk);
  return { status: res.statusCode, headers: res.headers, body: Buffer.concat(chunks) };
}

const WHOLE = { "/small": Buffer.concat(SMALL), "/large": Buffer.concat(LARGE) };

describe.each(["/small", "/large"] as const)("an answer in parts, %s", (path) => {
  test.each([
    ["identity", undefined, (body: Buffer) => body],
    ["gzip, deflate, br", "gzip", gunzipSync],
    ["br", "br", brotliDecompressSync],
  ] as const)("is whole for who takes %s", async (accepted, encoding, decode) => {
    const { status, headers, body } = await exchange(path, "GET", { "accept-encoding": accepted });
    expect([status, headers["content-encoding"]]).toEqual([200, encoding]);
    expect(headers["content-length"]).toBe(String(body.length));
    expect(headers.etag).toMatch(encoding === undefined ? /^"/ : /^W\/"/);
    expect(decode(body).equals(WHOLE[path])).toBe(true);
  });

  test("is not made for who has it, nor for who asks for its head", async () => {
    for (const encoding of ["identity", "gzip", "br"]) {
      const accepts = { "accept-encoding": encoding };
      const head = await exchange(path, "HEAD", accepts);
      const tag = String(head.headers.etag);
      const again = await exchange(path, "GET", { ...accepts, "if-none-match": tag });
      expect([head.status, head.body.length, again.status, again.body.length]).toEqual([200, 0, 304, 0]);
      expect(made).toBe(0);
      const whole = await exchange(path, "GET", accepts);
      const { "content-length": length, date: _date, ...described } = whole.headers;
      expect(head.headers).toMatchObject(described);
      expect(head.headers["content-length"]).toBe(encoding === "identity" ? length : undefined);
      expect(again.headers.etag).toBe(whole.headers.etag);
      expect(made).toBe(1);
      made = 0;
    }
  });
});

describe.each(["/small", "/large"] as const)("a part of an answer, %s", (path) => {
  const whole = WHOLE[path];
  const size = whole.length;
  const strong = async () => String((await exchange(path, "HEAD", {})).headers.etag);

  test.each([
    ["bytes=0-3", 0, 4],
    ["bytes=100-2000", 100, 2001],
    ["bytes=100-", 100, size],
    ["bytes=-8", size - 8, size],
    [`bytes=-${size + 5}`, 0, size],
    [`bytes=5-${size * 2}`, 5, size],
  ])("%s is that part, as it is, with the tag of the whole", async (range, from, to) => {
    const { status, headers, body } = await exchange(path, "GET", { range, "accept-encoding": "gzip, br" });
    expect([status, headers.etag, headers["content-encoding"]]).toEqual([206, await strong(), undefined]);
    expect(headers["content-range"]).toBe(`bytes ${from}-${Math.min(to, size) - 1}/${size}`);
    expect(body.equals(whole.subarray(from, to))).toBe(true);
  });

  test.each(["bytes=0-3,5-7", "bytes=7-3", "lines=0-3", "bytes=-", "bytes=a-b"])("%s is all of it", async (range) => {
    const { status, body } = await exchange(path, "GET", { range });
    expect([status, body.equals(whole)]).toEqual([200, true]);
  });

  test.each([`bytes=${size}-`, "bytes=-0"])("%s is none of it", async (range) => {
    const { status, headers } = await exchange(path, "GET", { range });
    expect([status, headers["content-range"]]).toEqual([416, `bytes */${size}`]);
  });

  test("is sent only while its tag stands, and not to who has the whole", async () => {
    const tag = await strong();
    const statusOf = async (more: Record<string, string>) =>
      (await exchange(path, "GET", { range: "bytes=0-3", ...more })).status;
    expect(await statusOf({ "if-range": tag })).toBe(206);
    expect(await statusOf({ "if-range": '"another"' })).toBe(200);
    expect(await statusOf({ "if-none-match": tag })).toBe(304);
    expect((await exchange(path, "HEAD", { range: "bytes=0-3" })).headers["content-length"]).toBe(String(size));
  });
});

const PYTHON =
  "import sys, gzip, urllib.request as r; q = r.Request(sys.argv[1], headers={'Accept-Encoding': 'gzip'}); a = r.urlopen(q); " +
  "assert a.headers['Content-Encoding'] == 'gzip'; sys.stdout.buffer.write(gzip.decompress(a.read()))";

test("blocks that are to be kept compressed, and are not yet, are bounded as all that is compressed is", async () => {
  const compressor = new Compressor();
  const [raw = Buffer.alloc(0)] = LARGE.slice(2);
  let [running, runningMax] = [0, 0];
  const make = async () => {
    running += 1;
    runningMax = Math.max(runningMax, running);
    const made = await deflatedPart(raw);
    running -= 1;
    return made;
  };
  const cold = [{ raw, kept: { known: undefined, make } }];
  const bodies = await Promise.all(Array.from({ length: 20 }, () => compressor.compress(cold, "gzip")));
  expect([runningMax, bodies.filter((body) => body === undefined).length]).toEqual([8, 12]);
  expect(bodies.filter((body) => body !== undefined && gunzipSync(Buffer.concat(body)).equals(raw))).toHaveLength(8);
  const known = await deflatedPart(raw);
  const warm = [{ raw, kept: { known, make: async () => known } }];
  const all = await Promise.all(Array.from({ length: 20 }, () => compressor.compress(warm, "gzip")));
  expect(all).not.toContain(undefined);
});

/** Programs that read compressed answers, as far as this machine has them. */
const READERS = [
  { command: "curl", args: ["-sSf", "--compressed"] },
  { command: "wget", args: ["-qO-", "--compression=auto"] },
  { command: "python3", args: ["-c", PYTHON] },
].filter(({ command }) => isThere(command));

function isThere(command: string): boolean {
  try {
    execFileSync(command, ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

test("one gzip member of kept parts is read to its end by every program that is here", async () => {
  for (const { command, args } of READERS) {
    const options = { encoding: "buffer", maxBuffer: 1e8 } as const;
    const { stdout } = await promisify(execFile)(command, [...args, `${url}/large`], options);
    expect([command, stdout.equals(WHOLE["/large"])]).toEqual([command, true]);
  }
  const fetched = await fetch(`${url}/large`, { headers: { "accept-encoding": "gzip" } });
  expect(fetched.headers.get("content-encoding")).toBe("gzip");
  expect(Buffer.from(await fetched.arrayBuffer()).equals(WHOLE["/large"])).toBe(true);
});
