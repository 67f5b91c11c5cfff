/**
 * An archiver as the service runs it, at a pace for tests. Before and after each step that it takes with the store it asks its parent,
 * who may let it wait for as long as he likes, kill it or freeze it there, or say that the step fails.
 *
 * Arguments: the database, the dataset.
 */
import { argv } from "node:process";
import { openStore, SAME_THREAD, StoreUnavailableError } from "@fx-ohlc/archive";
import { ARCHIVE_RULES, ArchiveWorker } from "@fx-ohlc/database/archive";

const [, , url = "", place = ""] = argv;

const US_PER_S = 1_000_000;
const RULES = {
  ...ARCHIVE_RULES,
  ...{ afterDays: 0, rowsPerSecond: 0, settledUs: 0, againUs: 0, endedUs: 0 },
  ...{ graceUs: 3 * US_PER_S, keepUs: 10 * US_PER_S, provedUs: 5 * US_PER_S, sweepUs: 2 * US_PER_S },
};

let lastId = 0;
const waiting = new Map();

process.on("message", ({ id, verdict }) => {
  waiting.get(id)?.(verdict);
  waiting.delete(id);
});
// Its parent is gone.
process.on("disconnect", () => process.exit(1));

function ask(step) {
  lastId += 1;
  const id = lastId;
  return new Promise((resolve) => {
    waiting.set(id, resolve);
    process.send({ id, step });
  });
}

/** What a path is of: steps with one kind of file are told apart from those with another. */
function kindOf(path) {
  return /^(_replaced|_current|_dataset|ticks)/.exec(path)?.[0] ?? "all";
}

/** One that fails after it was done has an answer that was lost. */
async function taken(name, path, work) {
  const step = `store ${name} ${kindOf(path)}`;
  const before = await ask(`before ${step}`);
  if (before === "fail") throw new StoreUnavailableError(`${step} fails`);
  const result = await work();
  const after = await ask(`after ${step}`);
  if (after === "fail") throw new StoreUnavailableError(`${step} fails when it is done`);
  return { result, isTorn: after === "tear" };
}

/** A torn one loses half of some piece on its way, and nobody is told. */
function asked(upload, path, isTorn) {
  let isWhole = !isTorn;
  return {
    async write(bytes) {
      const piece = isWhole ? bytes : bytes.subarray(0, bytes.length >> 1);
      isWhole = true;
      await taken("write", path, () => upload.write(piece));
    },
    async finish() {
      await taken("finish", path, () => upload.finish());
    },
    async abort() {
      await taken("abort", path, () => upload.abort());
    },
  };
}

// To load all this takes longer than most of what follows: spare ones wait here.
await ask("loaded");
const inner = await openStore(place, { endpoint: process.env.ARCHIVE_ENDPOINT });
const store = {
  url: inner.url,
  read: async (path, range, signal) => (await taken("read", path, () => inner.read(path, range, signal))).result,
  find: async (path) => (await taken("find", path, () => inner.find(path))).result,
  async *list(folder) {
    const { result } = await taken("list", folder, async () => {
      const files = [];
      for await (const file of inner.list(folder)) files.push(file);
      return files;
    });
    yield* result;
  },
  write: async (path, bytes) => (await taken("put", path, () => inner.write(path, bytes))).result,
  async upload(path) {
    const { result, isTorn } = await taken("upload", path, () => inner.upload(path));
    return asked(result, path, isTorn);
  },
  move: async (from, to) => (await taken("move", from, () => inner.move(from, to))).result,
  remove: async (path) => (await taken("remove", path, () => inner.remove(path))).result,
  clearUploads: (before) => inner.clearUploads(before),
  close: () => inner.close(),
};

new ArchiveWorker({
  ...{ url, store, coder: SAME_THREAD, rules: RULES, everyMs: 20 },
  onError: (error, day) => process.send({ said: `error ${error?.name}: ${error?.message}`, day }),
  notice: (message) => process.send({ said: message }),
  onPass: ({ refusedBecause }) => {
    if (refusedBecause !== null) process.send({ said: `refused: ${refusedBecause}` });
  },
}).start();
