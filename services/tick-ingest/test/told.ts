import { type Deployment, type StreamMessage, type StreamNames, streamNames } from "@fx-ohlc/schemas";
import { createLogger, type RedisLink } from "@fx-ohlc/service-kit";
import { Publisher, type PublisherOptions } from "../src/publish/publisher.js";
import { StreamSpace } from "../src/publish/stream-space.js";
import type { CommitLedger, UntoldCommit } from "../src/write/commit-ledger.js";

/** A database that exists in tests alone. */
export const TEST_DEPLOYMENT: Deployment = { names: streamNames("test"), incarnation: "inc00001" };

const logger = createLogger({ service: "test", level: "error" });
const KEEP_S = 300;

/** A commit of one symbol that has all the time there is, unless a test says otherwise. */
export function untoldCommit(options: Partial<UntoldCommit> = {}): UntoldCommit {
  return { number: 0, tellByMs: Number.POSITIVE_INFINITY, untoldSymbols: 1, ...options };
}

/** A publisher with room for everything, unless a test says otherwise. */
export function testPublisher(
  redis: RedisLink,
  ledger: CommitLedger,
  options: Partial<PublisherOptions> & { readonly bytesMax?: number } = {},
): Publisher {
  const { bytesMax = 1e9, keepS = KEEP_S, ...others } = options;
  const space = new StreamSpace({ redis, logger, bytesMax, keepS });
  const deployment = () => TEST_DEPLOYMENT;
  return new Publisher({ redis, ledger, logger, bufferMax: 100_000, deployment, keepS, space, ...others });
}

/** Every message a symbol's stream holds. */
export async function streamOf(redis: RedisLink, names: StreamNames, symbol: string): Promise<StreamMessage[]> {
  const entries = (await redis.client.xRange(names.streamKey(symbol), "-", "+")) ?? [];
  return entries.map(({ message }) => JSON.parse(String(message.m)));
}
