import { createHash, randomBytes } from "node:crypto";
import { publishedBatchKey, streamKey, streamStateKey, tickChannel } from "@fx-ohlc/schemas";
import type { RedisClient } from "@fx-ohlc/service-kit";

/**
 * One message onto a symbol's stream and channel, in one atomic step.
 *
 * A call that was executed before (its answer was lost) is answered with its first offset. When the server is not the one
 * that wrote the stream last (another replication id: restarted, failed over, or emptied), a new epoch begins with an empty
 * stream, so that the old one can never be mistaken for it.
 *
 * KEYS: stream, its state, the last call of this ingest process. ARGV: call id, epoch to begin if one must, channel,
 * stream length, seconds to remember the call, the message before and after its offset.
 */
const SCRIPT = `
local last = redis.call('GET', KEYS[3])
if last then
  local id, offset = string.match(last, '^(%S+) (%S+)$')
  if id == ARGV[1] then return offset end
end
local replid = string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)')
local state = redis.call('HMGET', KEYS[2], 'epoch', 'replid')
local epoch = state[1]
if not epoch or state[2] ~= replid then
  epoch = ARGV[2]
  redis.call('DEL', KEYS[1], KEYS[2])
  redis.call('HSET', KEYS[2], 'epoch', epoch, 'replid', replid)
end
local sequence = redis.call('HINCRBY', KEYS[2], 'sequence', 1)
local offset = epoch .. '-' .. sequence
local message = ARGV[6] .. offset .. ARGV[7]
redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[4], sequence .. '-0', 'm', message)
redis.call('SET', KEYS[3], ARGV[1] .. ' ' .. offset, 'EX', ARGV[5])
redis.call('PUBLISH', ARGV[3], message)
return offset
`;

const SHA = createHash("sha1").update(SCRIPT).digest("hex");

/** Entries a symbol's stream keeps: with at most 200 ticks each, some 70 MB at the very worst. */
const STREAM_LENGTH = 5000;
/** How long a dead process's last call is remembered, for its successor to compare with the ledger. */
const CALL_MEMORY_S = 7 * 86_400;

/** A message without its offset, which the script puts between the two parts. */
export interface UnsentMessage {
  readonly symbol: string;
  /** See {@link formatCallId}. */
  readonly callId: string;
  readonly head: string;
  readonly tail: string;
}

/** A random epoch: 8 characters of a-z and 0-9. */
function newEpoch(): string {
  return BigInt(`0x${randomBytes(8).toString("hex")}`)
    .toString(36)
    .padStart(8, "0")
    .slice(-8);
}

/** Publishes one message. Safe to call again with the same message when it failed. */
export async function publishMessage(redis: RedisClient, ingestId: string, message: UnsentMessage): Promise<void> {
  const { symbol } = message;
  const options = {
    keys: [streamKey(symbol), streamStateKey(symbol), publishedBatchKey(symbol, ingestId)],
    arguments: [
      message.callId,
      newEpoch(),
      tickChannel(symbol),
      String(STREAM_LENGTH),
      String(CALL_MEMORY_S),
      message.head,
      message.tail,
    ],
  };
  try {
    await redis.evalSha(SHA, options);
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith("NOSCRIPT")) throw error;
    await redis.eval(SCRIPT, options);
  }
}

/** What Redis remembers of an ingest process's last call on a symbol. */
export interface LastCall {
  readonly batch: number;
  /** Whether that call was the last one of its commit. */
  readonly completes: boolean;
}

/** `batch.part`, with a full stop where the commit's last message goes out. */
export function formatCallId(batch: number, part: number, completes: boolean): string {
  return `${batch}.${part}${completes ? "." : ""}`;
}

/** The last call of an ingest process on a symbol; undefined when Redis knows of none. */
export async function lastPublishedCall(
  redis: RedisClient,
  ingestId: string,
  symbol: string,
): Promise<LastCall | undefined> {
  const last = await redis.get(publishedBatchKey(symbol, ingestId));
  const [callId] = typeof last === "string" ? last.split(" ") : [];
  return callId === undefined ? undefined : { batch: Number.parseInt(callId, 10), completes: callId.endsWith(".") };
}
