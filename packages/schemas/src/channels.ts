/** The names of a symbol's keys and channel, and of what a deployment shares. See {@link streamNames}. */
export interface StreamNames {
  /** The pub/sub channel of a symbol's messages. */
  tickChannel(symbol: string): string;
  /** The pattern that matches every symbol's {@link tickChannel}. */
  readonly tickChannelPattern: string;
  /**
   * The pub/sub channel on which, on a cluster, a symbol's {@link tickChannel} is named when its stream begins, and from time to
   * time after: sharded channels have no patterns.
   */
  readonly begunChannel: string;
  /** The symbol a {@link tickChannel} belongs to. */
  symbolOfTickChannel(channel: string): string;
  /** The capped stream with the same messages: entry id `<sequence>-0`, field `m`. */
  streamKey(symbol: string): string;
  /** The hash with `epoch`, `sequence` and `replid` of a symbol's stream, and with how many bytes the stream holds. */
  streamStateKey(symbol: string): string;
  /** The pattern that matches every symbol's {@link streamStateKey}. */
  readonly streamStatePattern: string;
  /** The symbol a {@link streamStateKey} belongs to. */
  symbolOfStreamStateKey(key: string): string;
  /** Where the publish script keeps the last call of one ingest process, so that a repeated one is answered and not executed again. */
  publishedBatchKey(symbol: string, ingestId: string): string;
  /** The hash with how many bytes the streams on one server hold, by when they were published. */
  heldBytesKey(server: string): string;
}

/**
 * Redis names. The braces are a hash tag: everything of one symbol lives on one slot of a Redis Cluster.
 *
 * The namespace keeps deployments that share a Redis apart, in keys and, because pub/sub knows no database numbers, in channels.
 *
 * @param namespace of the database, as its settings say; empty for one that the first version made, whose names had none
 */
export function streamNames(namespace: string): StreamNames {
  const prefix = namespace === "" ? "fx:{" : `fx:${namespace}:{`;
  const named = (symbol: string, suffix: string) => `${prefix}${symbol}}:${suffix}`;
  const symbolIn = (name: string, suffix: string) => name.slice(prefix.length, -`}:${suffix}`.length);
  return {
    tickChannel: (symbol) => named(symbol, "ticks"),
    tickChannelPattern: named("*", "ticks"),
    begunChannel: named("", "ticks"),
    symbolOfTickChannel: (channel) => symbolIn(channel, "ticks"),
    streamKey: (symbol) => named(symbol, "stream"),
    streamStateKey: (symbol) => named(symbol, "state"),
    streamStatePattern: named("*", "state"),
    symbolOfStreamStateKey: (key) => symbolIn(key, "state"),
    publishedBatchKey: (symbol, ingestId) => named(symbol, `published:${ingestId}`),
    // Without a hash tag: it is no symbol's, and lies wherever it lies.
    heldBytesKey: (server) => `fx:${namespace}:held:${server}`,
  };
}
