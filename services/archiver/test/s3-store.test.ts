import { type ArchiveStore, FileMissingError, openStore, type StoreOptions, tickFile } from "@fx-ohlc/archive";
import { eventually, type S3Fault, type S3Link, s3Link, type TestS3, testS3 } from "@fx-ohlc/testkit";

const MB = 1 << 20;
/** Signs that mean something in URLs, in headers, in XML, or to those who decode a name once too often. */
const SYMBOLS = ["005930", "1D", "2025-12-05", "US30#", "A:B", "X+", "BTC/USD", "A@B&C", "%41", "A".repeat(32)];

let server: TestS3;
let link: S3Link;
let store: ArchiveStore;
const opened: ArchiveStore[] = [];

/** Of the test's bucket, by way of the link. */
async function open(
  options: StoreOptions = {},
  place = `${server.bucket}/some%20where/a+b%26c/fx/`,
): Promise<ArchiveStore> {
  const found = await openStore(`s3://${place}`, { endpoint: link.endpoint, ...options });
  opened.push(found);
  return found;
}

beforeAll(async () => {
  server = await testS3();
  Object.assign(process.env, server.account);
  link = await s3Link(server.endpoint);
  store = await open();
});

afterAll(async () => {
  await Promise.all(opened.map((each) => each.close()));
  await link.close();
  await server.drop();
});

afterEach(() => {
  link.fail = () => undefined;
});

async function upload(to: ArchiveStore, path: string, bytes: Uint8Array) {
  const begun = await to.upload(path);
  for (let at = 0; at < bytes.length; at += MB) await begun.write(bytes.subarray(at, at + MB));
  return begun;
}

async function pathsIn(folder: string, of = store): Promise<string[]> {
  const paths: string[] = [];
  for await (const { path } of of.list(folder)) paths.push(path);
  return paths.sort();
}

test.each(SYMBOLS)("a file of %s is listed, moved aside and read by its name", async (symbol) => {
  const path = tickFile({ symbol, date: "2025-12-05", n: 3 });
  await store.write(path, Buffer.from(symbol));
  expect(await pathsIn(path.slice(0, path.lastIndexOf("/") + 1))).toEqual([path]);
  await store.move(path, `_replaced/${path}`);
  expect(await store.find(path)).toBeUndefined();
  expect(Buffer.from(await store.read(`_replaced/${path}`)).toString()).toBe(symbol);
  await store.remove(`_replaced/${path}`);
  await store.remove(`_replaced/${path}`);
  await expect(store.read(`_replaced/${path}`)).rejects.toThrow(FileMissingError);
});

test("a file of many parts is nowhere before its end, and whole after it; behind its end there is nothing", async () => {
  const bytes = Buffer.alloc(17 * MB, "0123456789abcdef");
  const begun = await upload(store, "ticks/large", bytes);
  expect(await store.find("ticks/large")).toBeUndefined();
  await begun.finish();
  expect(await store.find("ticks/large")).toMatchObject({ bytes: bytes.length });
  expect(bytes.equals(await store.read("ticks/large"))).toBe(true);
  expect(bytes.subarray(5, 99).equals(await store.read("ticks/large", { from: 5, to: 99 }))).toBe(true);
  expect(await store.read("ticks/large", { from: bytes.length - 4, to: bytes.length + 9 })).toHaveLength(4);
  expect(await store.read("ticks/large", { from: bytes.length, to: bytes.length + 9 })).toHaveLength(0);
});

test("nothing that others keep in the bucket is listed", async () => {
  const [neighbour, root] = [
    await open({}, `${server.bucket}/some%20where/a+b%26c/fx2`),
    await open({}, server.bucket),
  ];
  for (const other of [neighbour, root]) await other.write("ticks/shared/other", Buffer.from("x"));
  await store.write("ticks/shared/own", Buffer.from("x"));
  expect(await pathsIn("ticks/shared/")).toEqual(["ticks/shared/own"]);
  expect(await pathsIn("ticks/shared/", root)).toEqual(["ticks/shared/other"]);
});

test("files are listed to the last page", async () => {
  const page = (name: string, next: string) => `
    <ListBucketResult><Contents><Key>some where/a+b&amp;c/fx/ticks/${name}</Key><Size>1</Size></Contents>
    <IsTruncated>${next !== ""}</IsTruncated>${next}</ListBucketResult>`;
  const first = page("US30%23", "<NextContinuationToken>a+b/c==</NextContinuationToken>");
  link.fail = ({ url }) => {
    const token = new URL(url, link.endpoint).searchParams.get("continuation-token");
    return { status: 200, body: token === "a+b/c==" ? page("X%2B", "") : first };
  };
  expect(await pathsIn("ticks/")).toEqual(["ticks/US30%23", "ticks/X%2B"]);
});

test("sixteen requests are under way at once, and no more", async () => {
  const held = await open();
  const from = link.seen.length;
  const leaving = new AbortController();
  link.fail = () => "silence";
  const reads = Array.from({ length: 48 }, () => held.read("x", undefined, leaving.signal).catch(() => {}));
  await eventually(async () => link.seen.length - from === 16);
  link.fail = () => undefined;
  expect(await store.find("nowhere")).toBeUndefined();
  expect(link.seen.length - from).toBe(17);
  leaving.abort();
  await Promise.all(reads);
});

test("an upload that was given up leaves nothing, and one that was left behind is cleared, but no other's", async () => {
  const begun = await upload(store, "ticks/given-up", Buffer.alloc(9 * MB));
  await begun.abort();
  const aborted = link.seen.filter(({ method, url }) => method === "DELETE" && url.includes("uploadId="));
  expect(aborted).toHaveLength(1);
  await upload(store, "ticks/left", Buffer.alloc(9 * MB));
  await store.clearUploads(Date.now() + 60_000);
  expect(await pathsIn("ticks/left")).toEqual([]);
  const listed = link.seen.filter(({ url }) => url.includes("uploads") && url.includes("prefix="));
  expect(listed.map(({ url }) => new URL(url, link.endpoint).searchParams.get("prefix"))).toEqual([
    "some where/a+b&c/fx/ticks/",
  ]);
});

test("what is left of uploads is cleared to the last page, and what has ended meanwhile is no failure", async () => {
  const uploads = (name: string, next: string) =>
    `<ListMultipartUploadsResult><IsTruncated>${next !== ""}</IsTruncated>${next}<Upload><Key>${name}</Key>
     <UploadId>id-${name}</UploadId><Initiated>2020-01-01T00:00:00Z</Initiated></Upload></ListMultipartUploadsResult>`;
  const first = uploads("one", "<NextKeyMarker>one</NextKeyMarker><NextUploadIdMarker>id-one</NextUploadIdMarker>");
  const from = link.seen.length;
  link.fail = ({ method, url }) => {
    if (method === "DELETE") return { status: 404, code: "NoSuchUpload" };
    return { status: 200, body: url.includes("key-marker=one") ? uploads("two", "") : first };
  };
  await store.clearUploads(Date.now());
  const ended = link.seen.slice(from).filter(({ method }) => method === "DELETE");
  expect(ended.map(({ url }) => new URL(url, link.endpoint).searchParams.get("uploadId"))).toEqual([
    "id-one",
    "id-two",
  ]);
});

test.each(["AES256", "aws:kms"] as const)("%s is asked for of each way to write", async (encryption) => {
  const encrypted = await open({ encryption });
  const from = link.seen.length;
  link.fail = ({ method, url }) => {
    if (method === "POST") return { status: 200, body: url.includes("uploads") ? BEGUN : "" };
    return { status: 200, body: COPIED };
  };
  await encrypted.write("small", Buffer.from("x"));
  await (await upload(encrypted, "ticks/large", Buffer.alloc(9 * MB))).abort();
  await encrypted.move("small", "moved");
  const asked = link.seen.slice(from).filter(({ method, url }) => method !== "DELETE" && !url.includes("partNumber"));
  expect(asked.map(({ headers }) => headers["x-amz-server-side-encryption"])).toEqual(Array(3).fill(encryption));
});

const BEGUN = "<InitiateMultipartUploadResult><UploadId>begun</UploadId></InitiateMultipartUploadResult>";
const COPIED = "<CopyObjectResult><ETag>x</ETag></CopyObjectResult>";

const FAULTS: [S3Fault, string][] = [
  [{ status: 403, code: "AccessDenied" }, "AccessDenied (the credentials that were found may not do this)"],
  [{ status: 403, code: "RequestTimeTooSkewed" }, "RequestTimeTooSkewed (the clocks of this machine and of the server"],
  [{ status: 404, code: "NoSuchBucket" }, "NoSuchBucket (the bucket is not there)"],
  [{ status: 503, code: "SlowDown" }, "SlowDown at"],
  ["silence", "(it did not answer in time) at well"],
  ["stall", "(it did not answer in time) at well"],
  // What the system says of a connection is lost in Jest's own world.
  ["reset", "at well"],
];

test.each(FAULTS)(
  "a store that answers %j says so, names no secret, and is used again once it is well",
  async (fault, told) => {
    const impatient = await open({ timeoutMs: 3000, triesMax: 1 });
    await store.write("well", Buffer.from("x"));
    link.fail = () => fault;
    const failure = await impatient.read("well").catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: "StoreUnavailableError", message: expect.stringContaining(told) });
    expect(String(failure)).not.toMatch(/secret|fx-test-id/i);
    link.fail = () => undefined;
    expect(Buffer.from(await store.read("well")).toString()).toBe("x");
  },
);

test("a store that is slow for a moment, and a clock that is wrong, are overcome", async () => {
  const store = await open();
  let [slow, skewed] = [2, 1];
  link.fail = () => (slow-- > 0 ? { status: 503, code: "SlowDown" } : undefined);
  await store.write("slow", Buffer.from("x"));
  link.date = new Date(Date.now() + 3_600_000).toUTCString();
  link.fail = () => (skewed-- > 0 ? { status: 403, code: "RequestTimeTooSkewed" } : undefined);
  await store.write("skewed", Buffer.from("x"));
  expect(link.seen.at(-1)?.headers["x-amz-date"]).not.toBe(link.seen.at(-2)?.headers["x-amz-date"]);
});
