/**
 * Redis names. The braces are a hash tag: everything of one symbol lives on one slot of a Redis Cluster.
 */

/** The pub/sub channel of a symbol's messages. */
export function tickChannel(symbol: string): string {
  return `fx:{${symbol}}:ticks`;
}

/** The pattern that matches every symbol's {@link tickChannel}. */
export const TICK_CHANNEL_PATTERN = "fx:{*}:ticks";

/** The symbol a {@link tickChannel} belongs to. */
export function symbolOfTickChannel(channel: string): string {
  return channel.slice("fx:{".length, -"}:ticks".length);
}

/** The capped stream with the same messages: entry id `<sequence>-0`, field `m`. */
export function streamKey(symbol: string): string {
  return `fx:{${symbol}}:stream`;
}

/** The hash with `epoch`, `sequence` and `replid` of a symbol's stream. */
export function streamStateKey(symbol: string): string {
  return `fx:{${symbol}}:state`;
}

/** Where the publish script keeps the last call of one ingest process, so that a repeated one is answered and not executed again. */
export function publishedBatchKey(symbol: string, ingestId: string): string {
  return `fx:{${symbol}}:published:${ingestId}`;
}
