import { accessNames, newKeyToken } from "@fx-ohlc/access";
import { createLogger, RedisLink } from "@fx-ohlc/service-kit";
import { eventually } from "@fx-ohlc/testkit";
import { type Answer, type Beside, type Ingest, startBeside, startIngest } from "./ingest.js";

const ADMIN = `fxk_admin_${"a".repeat(43)}`;
const ENV = { AUTH: "on", INTERNAL_SECRET: "a secret of this deployment", ADMIN_KEY: ADMIN, BIND_ADDRESS: "127.0.0.1" };

let ingest: Ingest;
let other: Beside;
let redis: RedisLink;

beforeAll(async () => {
  ingest = await startIngest(ENV);
  other = await startBeside(ingest, ENV);
  redis = new RedisLink({
    url: ingest.redis.url,
    name: "test",
    logger: createLogger({ service: "test", level: "error" }),
  });
  redis.open();
  await eventually(() => redis.isReady, { what: "Redis" });
  await eventually(async () => (await ask("GET", "/keys", ADMIN)).status === 200, { what: "the first key" });
});

afterAll(async () => {
  redis.close();
  await other.stop();
  await ingest.stop();
});

async function ask(method: string, path: string, token: string, body?: unknown, url = ingest.url): Promise<Answer> {
  const headers = {
    authorization: `Bearer ${token}`,
    ...(body === undefined ? {} : { "content-type": "application/json" }),
  };
  const response = await fetch(url + path, {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === "" ? {} : JSON.parse(text) };
}

interface MadeKey {
  readonly id: string;
  readonly token: string;
}

async function makeKey(): Promise<MadeKey> {
  const { status, body } = await ask("POST", "/keys", ADMIN, { name: newKeyToken().id, scopes: ["admin"] });
  expect(status).toBe(201);
  return body as never;
}

const isRefused = async ({ token }: MadeKey, { url }: Beside) =>
  (await ask("GET", "/audit", token, undefined, url)).status === 401;

/** The ids that are on Redis, for services without a database. */
async function published(): Promise<readonly string[]> {
  const [row] = await ingest.sql`select value from settings where key = 'stream_namespace'`;
  return redis.client.hKeys(accessNames(row?.value).keys);
}

const notKnownYet = { status: 503, body: { detail: expect.stringContaining("other services do not know of it yet") } };

async function fill(bytes: string): Promise<void> {
  await redis.client.configSet("maxmemory", bytes);
}

test("while Redis is full a revoked key is refused by every process that reads the database, and the answer says that others cannot know", async () => {
  const key = await makeKey();
  expect(await isRefused(key, other)).toBe(false);
  await fill("1");
  try {
    const answer = await ask("DELETE", `/keys/${key.id}`, ADMIN);
    expect(answer).toMatchObject(notKnownYet);
    expect(answer.headers.get("retry-after")).toBe("1");
    expect(await isRefused(key, ingest)).toBe(true);
    await eventually(() => isRefused(key, other), { timeoutMs: 3000, what: "the other process to refuse it" });
    expect(await ask("DELETE", `/keys/${key.id}`, ADMIN)).toMatchObject(notKnownYet);
    expect((await ask("DELETE", "/keys/jwt/somebody", ADMIN)).status).toBe(503);
    expect(await published()).toContain(key.id);
    const { body } = await ask("GET", "/health", ADMIN);
    expect(body).toMatchObject({
      problems: expect.arrayContaining([expect.stringContaining("changes of keys hold nowhere else")]),
    });
  } finally {
    await fill("0");
  }
  await eventually(async () => !(await published()).includes(key.id), { what: "Redis to be told" });
  expect((await ask("DELETE", `/keys/${key.id}`, ADMIN)).status).toBe(204);
});

test("while Redis is frozen no key is made that others could not know, and what is changed of one holds here", async () => {
  const key = await makeKey();
  const pid = Number(/process_id:(\d+)/.exec(await redis.client.info("server"))?.[1]);
  const made = { name: "made while Redis is frozen", scopes: ["write"] };
  process.kill(pid, "SIGSTOP");
  try {
    expect((await ask("PATCH", `/keys/${key.id}`, ADMIN, { scopes: ["write"] })).status).toBe(503);
    expect((await ask("GET", "/audit", key.token)).status).toBe(403);
    expect((await ask("POST", "/keys", ADMIN, made)).status).toBe(503);
  } finally {
    process.kill(pid, "SIGCONT");
  }
  expect(JSON.stringify((await ask("GET", "/keys?limit=1000", ADMIN)).body)).not.toContain(made.name);
  const isMade = async () => (await ask("POST", "/keys", ADMIN, made)).status === 201;
  await eventually(isMade, { timeoutMs: 10_000, what: "keys to be made again" });
});

test.each([
  ["as high as", 0],
  ["lower than", 2],
])(
  "what a restored database says is what services know, where its number is %s the one before",
  async (_what, back) => {
    const [kept, lost] = [await makeKey(), await makeKey()];
    // As a restore of the data alone does, and whatever was changed since.
    await ingest.sql.begin(async (sql) => {
      const [now] = await sql`select number from access_version`;
      await sql`delete from api_keys where id = ${lost.id}`;
      await sql`delete from access_version`;
      await sql`insert into access_version (number) values (${Number(now?.number) - back})`;
    });
    await eventually(async () => !(await published()).includes(lost.id), { what: "Redis to follow the database" });
    expect((await ask("DELETE", `/keys/${kept.id}`, ADMIN)).status).toBe(204);
    expect(await published()).not.toContain(kept.id);
  },
);
