import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import S3rver from "s3rver";
import { tickFile } from "./layout.js";
import { openStore } from "./open-store.js";
import { type ArchiveStore, FileMissingError, StoreUnavailableError } from "./store.js";

let folder: string;
let server: S3rver;
let store: ArchiveStore;

beforeAll(async () => {
  // What the server takes for an account; the library finds it where it finds others.
  process.env.AWS_ACCESS_KEY_ID = "S3RVER";
  process.env.AWS_SECRET_ACCESS_KEY = "S3RVER";
  folder = await mkdtemp(join(tmpdir(), "fx-s3-"));
  const options = { port: 0, address: "127.0.0.1", silent: true, directory: folder };
  server = new S3rver({ ...options, configureBuckets: [{ name: "fx-test", configs: [] }] });
  const { port } = await server.run();
  store = await openStore("s3://fx-test/some where/fx", { endpoint: `http://127.0.0.1:${port}` });
});

afterAll(async () => {
  await store.close();
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

test("a bucket keeps files of one part and of many, found whole or not at all", async () => {
  const path = tickFile({ symbol: "A:B#+", date: "2025-12-05", n: 3 });
  const bytes = Buffer.alloc(9_000_000, "0123456789abcdef");
  const upload = await store.upload(path);
  for (let at = 0; at < bytes.length; at += 1_000_000) await upload.write(bytes.subarray(at, at + 1_000_000));
  expect(await store.find(path)).toBeUndefined();
  await upload.finish();
  expect(await store.find(path)).toMatchObject({ path, bytes: bytes.length });
  expect(bytes.subarray(5, 99).equals(await store.read(path, { from: 5, to: 99 }))).toBe(true);
  await store.write("_dataset.json", Buffer.from("{}"));
  const paths: string[] = [];
  for await (const found of store.list("")) paths.push(found.path);
  expect(paths.sort()).toEqual(["_dataset.json", path]);
  await store.move(path, `_replaced/${path}`);
  expect(await store.find(path)).toBeUndefined();
  expect((await store.read(`_replaced/${path}`)).length).toBe(bytes.length);
  await store.remove(`_replaced/${path}`);
  await store.remove(`_replaced/${path}`);
  await expect(store.read(`_replaced/${path}`)).rejects.toThrow(FileMissingError);
});

test("an upload that was given up leaves nothing, and a store that is away says so", async () => {
  const upload = await store.upload("ticks/given-up");
  for (let part = 0; part < 9; part += 1) await upload.write(Buffer.alloc(1_000_000));
  await upload.abort();
  await store.clearUploads(Date.now());
  expect(await store.find("ticks/given-up")).toBeUndefined();
  const nowhere = await openStore("s3://fx-test/x", { endpoint: "http://127.0.0.1:9" });
  await expect(nowhere.read("x")).rejects.toThrow(StoreUnavailableError);
  await nowhere.close();
});
