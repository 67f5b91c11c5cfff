import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { openStore } from "@fx-ohlc/archive";
import { barsOf, ODD, recipeCases } from "./engine-cases.js";
import { type ReadSide, startReadSide, type TestTick } from "./read-side.js";
import { ENGINES, hasPackages, hasSomeEngine, PYTHON, printedCode, runRecipe } from "./recipe-runs.js";
import { sampleDays, writeDataset } from "./sample-week.js";

/** Spark fetches its packages from Maven when it reads a bucket for the first time. */
jest.setTimeout(600_000);

/** A server that speaks S3, with a bucket, until its standard input ends. */
const SERVER = `
import sys
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
server.start()
print("listening on port", server.get_host_and_port()[1], flush=True)
sys.stdin.read()
`;
const BUCKET = "fx-test";
const ENVIRONMENT = { AWS_ACCESS_KEY_ID: "some-key", AWS_SECRET_ACCESS_KEY: "some-secret", AWS_REGION: "us-east-1" };

let server: ChildProcess | undefined;
let endpoint: string;
let service: ReadSide;
let sunday: ReadonlyMap<string, readonly TestTick[]>;

beforeAll(async () => {
  sunday = new Map([...(await sampleDays())].slice(0, 1));
  if (!(await hasPackages("moto")) || !(await hasSomeEngine())) return;
  server = spawn(PYTHON, ["-c", SERVER], { stdio: ["pipe", "pipe", "ignore"] });
  if (server.stdout === null) throw new Error("its output is piped");
  for await (const line of createInterface(server.stdout)) {
    const port = /^listening on port (\d+)$/.exec(line)?.[1];
    if (port === undefined) continue;
    endpoint = `http://127.0.0.1:${port}`;
    break;
  }
  const made = await fetch(`${endpoint}/${BUCKET}`, { method: "PUT" });
  expect(made.status).toBe(200);
  Object.assign(process.env, ENVIRONMENT);
  service = await startReadSide();
  for (const day of sunday.values()) await service.insert(day);
});
afterAll(async () => {
  server?.kill();
  await service?.stop();
});

test.each(ENGINES)("the recipe for %s reads odd symbols out of a bucket", async (name) => {
  if (server === undefined || !(await hasPackages(name))) return;
  const scheme = name === "pyspark" ? "s3a" : "s3";
  const datasets = await Promise.all(
    ODD.map(async (symbols, i) => {
      const place = `${BUCKET}/${name}/${i}`;
      const store = await openStore(`s3://${place}`, { endpoint });
      await writeDataset(store, symbols, sunday);
      await store.close();
      return { archive: `${scheme}://${place}`, symbols };
    }),
  );
  const cases = recipeCases(datasets);
  const env = { ...ENVIRONMENT, AWS_ENDPOINT_URL: endpoint, AWS_ALLOW_HTTP: "true" };
  const found = await runRecipe(name, await printedCode(name, "s3"), cases, env);
  const bars = await barsOf(service, "EURUSD", "2014-05-05");
  const pairs = bars.map(([bucket, , , , close]) => [bucket, close, close]);
  for (const [i, { symbol }] of cases.entries()) {
    expect({ symbol, ...found[i] }).toEqual({ symbol, bars, pairs });
  }
});
