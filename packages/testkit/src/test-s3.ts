import { randomBytes } from "node:crypto";
import { env, execPath } from "node:process";
import { fileURLToPath } from "node:url";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { freePort, ReadyProcess } from "@fx-ohlc/embedded";

const FOLDER = fileURLToPath(new URL("..", import.meta.url));
/** Under its own command it would listen on every address. */
const PROGRAM = `
import { buildApp } from "fauxqs";
await buildApp({ logger: false }).listen({ host: "127.0.0.1", port: Number(process.env.PORT) });
console.log("listening");`;
const READY_TIMEOUT_MS = 20_000;
const STOP_TIMEOUT_MS = 5000;
/** With signs that have a meaning in URLs, in headers and in JSON. */
const ACCOUNT = { AWS_ACCESS_KEY_ID: "fx-test-id", AWS_SECRET_ACCESS_KEY: "fx+Secret/%41&0123456789" };

/** A bucket of its own on a server that speaks S3's language. */
export interface TestS3 {
  /** The server, such as `http://127.0.0.1:9000`. Its buckets are in the path. */
  readonly endpoint: string;
  readonly bucket: string;
  /** What lets a process in: the names are those of Amazon's libraries. */
  readonly account: typeof ACCOUNT;
  drop(): Promise<void>;
}

/**
 * Starts a server with a bucket. `TEST_S3_ENDPOINT` names one that runs already, with `AWS_ACCESS_KEY_ID` and
 * `AWS_SECRET_ACCESS_KEY` for it.
 */
export async function testS3(): Promise<TestS3> {
  const { TEST_S3_ENDPOINT: given, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY } = env;
  const isGiven = AWS_ACCESS_KEY_ID !== undefined && AWS_SECRET_ACCESS_KEY !== undefined;
  const account = given !== undefined && isGiven ? { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY } : ACCOUNT;
  const server = given === undefined ? await startServer() : undefined;
  const endpoint = given ?? server?.endpoint ?? "";
  const bucket = `fx-${randomBytes(6).toString("hex")}`;
  await makeBucket(endpoint, bucket, account);
  return { endpoint, bucket, account, drop: async () => server?.stop() };
}

async function makeBucket(endpoint: string, Bucket: string, account: TestS3["account"]): Promise<void> {
  const credentials = { accessKeyId: account.AWS_ACCESS_KEY_ID, secretAccessKey: account.AWS_SECRET_ACCESS_KEY };
  const client = new S3Client({ endpoint, credentials, region: "us-east-1", forcePathStyle: true });
  try {
    await client.send(new CreateBucketCommand({ Bucket }));
  } finally {
    client.destroy();
  }
}

async function startServer(): Promise<{ readonly endpoint: string; stop(): Promise<void> }> {
  const port = await freePort();
  let isReady = false;
  const server = new ReadyProcess({
    ...{ name: "the S3 server", command: execPath, args: ["--input-type=module", "-e", PROGRAM], cwd: FOLDER },
    ...{ env: { ...env, PORT: String(port) }, stopSignal: "SIGTERM", stopTimeoutMs: STOP_TIMEOUT_MS },
    ...{ orphanSignal: "TERM", readyTimeoutMs: READY_TIMEOUT_MS, isReady: () => isReady },
    onLine: (line) => {
      isReady ||= line === "listening";
    },
  });
  await server.start();
  return { endpoint: `http://127.0.0.1:${port}`, stop: async () => void (await server.stop()) };
}
