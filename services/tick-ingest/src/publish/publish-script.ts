import { randomInt } from "node:crypto";
import { type Deployment, EPOCH_RANDOM_LENGTH, type Offset } from "@fx-ohlc/schemas";
import type { RedisStore } from "@fx-ohlc/service-kit";
import { SCRIPTS, segmentSeconds } from "./stream-script.js";

/** A message's JSON before and after its offset. */
export interface MessageText {
  readonly head: string;
  readonly tail: string;
}

/** One call of the script. */
export interface PublishCall {
  readonly symbol: string;
  /** Numbers the calls of this process on this symbol. A call keeps it when it is made again. */
  readonly id: number;
  /** At least one. */
  readonly messages: readonly MessageText[];
  /** The answer to this process's last call: a stream that has gone back behind it is another one. */
  readonly known: Offset | undefined;
  /** How long the stream keeps a message, and what it may hold. */
  readonly keepS: number;
  readonly bytesMax: number;
  /**
   * Given when the call was made before and nobody knows whether it was executed: the epoch it was first made in, if that is
   * known, and what is told in another epoch than that, message by message.
   */
  readonly repeat?: { readonly epoch: string | undefined; readonly ifLost: readonly MessageText[] } | undefined;
}

/** By how much the segment that began at a second (of Redis's clock) has grown, in bytes; negative when it shrank. */
export interface SegmentChange {
  readonly sinceS: number;
  readonly bytes: number;
}

export interface Published {
  /** Of the last message. */
  readonly offset: string;
  readonly changes: readonly SegmentChange[];
}

function parts(messages: readonly MessageText[]): string[] {
  return messages.flatMap(({ head, tail }) => [head, tail]);
}

/** A random epoch for a database in its present incarnation. (randomBytes asks the kernel each time, and every call has one.) */
function newEpoch(incarnation: string): string {
  const random = randomInt(36 ** EPOCH_RANDOM_LENGTH).toString(36);
  return incarnation + random.padStart(EPOCH_RANDOM_LENGTH, "0");
}

/** In the script's order. */
function argumentsOf({ names, incarnation }: Deployment, call: PublishCall): string[] {
  const { id, symbol, messages, repeat, known, keepS, bytesMax } = call;
  const stream = [id, newEpoch(incarnation), names.tickChannel(symbol), messages.length, incarnation];
  const limits = [bytesMax, keepS, segmentSeconds(keepS), known?.epoch ?? "", known?.sequence ?? 0];
  const again = repeat === undefined ? [] : [repeat.epoch ?? "", ...parts(repeat.ifLost)];
  return [...[...stream, ...limits].map(String), ...parts(messages), ...again];
}

/** Publishes messages. When it failed it can be called again, as a repeat. */
export async function publish(
  redis: RedisStore,
  deployment: Deployment,
  ingestId: string,
  call: PublishCall,
): Promise<Published> {
  const { names } = deployment;
  const { symbol } = call;
  const keys = [names.streamKey(symbol), names.streamStateKey(symbol), names.publishedBatchKey(symbol, ingestId)];
  const options = { keys, arguments: argumentsOf(deployment, call) };
  const client = redis.clientOf(names.streamKey(symbol));
  const { text, sha } = SCRIPTS[redis.isCluster ? "cluster" : "one"];
  try {
    return publishedOf(await client.evalSha(sha, options));
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith("NOSCRIPT")) throw error;
    return publishedOf(await client.eval(text, options));
  }
}

function publishedOf(answer: unknown): Published {
  const [offset, ...numbers] = Array.isArray(answer) ? answer : [];
  const changes: SegmentChange[] = [];
  for (let at = 0; at < numbers.length; at += 2) {
    changes.push({ sinceS: Number(numbers[at]), bytes: Number(numbers[at + 1]) });
  }
  return { offset: String(offset), changes };
}
