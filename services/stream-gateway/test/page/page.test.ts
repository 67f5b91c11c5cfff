import { type TestRedis, testRedis } from "@fx-ohlc/testkit";
import { type TestGateway, testGateway } from "../support/test-gateway.js";

let redis: TestRedis;
let gateway: TestGateway;

beforeAll(async () => {
  redis = await testRedis();
  gateway = await testGateway(redis.url);
});

afterAll(async () => {
  await gateway.stop();
  await redis.drop();
});

const get = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${gateway.httpUrl}${path}`, { headers: { "accept-encoding": "br", ...headers }, redirect: "manual" });

/** The paths of the assets that the page names. */
async function assetPaths(): Promise<string[]> {
  const html = await (await get("/")).text();
  return [...new Set(html.match(/(?<=="\.)\/assets\/[^"]+/g))];
}

describe("the dashboard", () => {
  it.each(["/", "/ws-test", "/demo"])("is at %s, and asked for anew each time", async (path) => {
    const answer = await get(path);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toMatch(/^text\/html/);
    expect(answer.headers.get("cache-control")).toBe("no-cache");
    const etag = answer.headers.get("etag") ?? "";
    const again = await get(path, { "if-none-match": etag });
    expect(again.status).toBe(304);
  });

  it("asks for nothing but relative to itself, so that it may be below any prefix", async () => {
    expect(await (await get("/")).text()).not.toMatch(/(src|href)="\//);
    const answer = await get("/ws-test/?symbol=EURUSD");
    expect([answer.status, answer.headers.get("location")]).toEqual([308, "../ws-test?symbol=EURUSD"]);
  });

  it("may load nothing from elsewhere, run nothing inline and be framed by nobody", async () => {
    const answer = await get("/?symbol=EURUSD");
    const policy = answer.headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    const html = await answer.text();
    expect(html).not.toMatch(/(src|href)="(https?:)?\/\/(?!www\.tradingview\.com\/")/);
    expect(html).not.toMatch(/<script(?![^>]* src=)| style=| on[a-z]+=/);
  });

  it("has assets whose names change with their content, kept for ever, sent compressed as the client can take them", async () => {
    const paths = await assetPaths();
    expect(paths.length).toBeGreaterThanOrEqual(3);
    for (const path of paths) {
      expect(path).toMatch(/-[\w-]{8}\.(js|css|svg|woff2)$/);
      const answer = await get(path);
      expect(answer.status).toBe(200);
      expect(answer.headers.get("cache-control")).toBe("public,max-age=31536000,immutable");
      expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
      expect(answer.headers.get("content-encoding")).toBe(path.endsWith(".woff2") ? null : "br");
    }
    const [script = ""] = paths.filter((path) => path.endsWith(".js"));
    expect((await get(script, { "accept-encoding": "gzip" })).headers.get("content-encoding")).toBe("gzip");
  });

  it("answers nothing for files that are not its own", async () => {
    for (const path of ["/assets/none.js", "/assets/..%2findex.html", "/index.html", "/assets/"]) {
      expect((await get(path)).status).toBe(404);
    }
  });
});
