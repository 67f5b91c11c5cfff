/** The names of a symbol's keys and channel, and of what a deployment shares. See {@link streamNames}. */
export type StreamNames = ReturnType<typeof streamNames>;

/** Whose streams they are: names of keys and channels, and what every epoch begins with. */
export interface Deployment {
  readonly names: StreamNames;
  /** Of its database: drawn anew whenever that may have gone back or be another one. */
  readonly incarnation: string;
}

/**
 * Redis names. The braces are a hash tag: everything of one symbol lives on one slot of a Redis Cluster.
 *
 * The namespace keeps deployments that share a Redis apart, in keys and, because pub/sub knows no database numbers, in channels.
 *
 * @param namespace of the database, as its settings say; empty for one that the first version made, whose names had none
 */
export function streamNames(namespace: string) {
  const prefix = namespace === "" ? "fx:{" : `fx:${namespace}:{`;
  const named = (symbol: string, suffix: string) => `${prefix}${symbol}}:${suffix}`;
  const symbolIn = (name: string, suffix: string) => name.slice(prefix.length, -`}:${suffix}`.length);
  return {
    /** What it was made of. */
    namespace,
    /** The pub/sub channel of a symbol's messages. */
    tickChannel: (symbol: string) => named(symbol, "ticks"),
    /** The pattern that matches every symbol's `tickChannel`. */
    tickChannelPattern: named("*", "ticks"),
    /**
     * The pub/sub channel on which, on a cluster, a symbol's `tickChannel` is named when its stream begins, and from time to
     * time after: sharded channels have no patterns.
     */
    begunChannel: named("", "ticks"),
    /** The symbol a `tickChannel` belongs to. */
    symbolOfTickChannel: (channel: string) => symbolIn(channel, "ticks"),
    /** The capped stream with the same messages: entry id `<sequence>-0`, field `m`. */
    streamKey: (symbol: string) => named(symbol, "stream"),
    /** The hash with `epoch`, `sequence` and `replid` of a symbol's stream, and with how many bytes the stream holds. */
    streamStateKey: (symbol: string) => named(symbol, "state"),
    /** The pattern that matches every symbol's `streamStateKey`. */
    streamStatePattern: named("*", "state"),
    /** The symbol a `streamStateKey` belongs to. */
    symbolOfStreamStateKey: (key: string) => symbolIn(key, "state"),
    /** Where the publish script keeps the last call of one ingest process, so that a repeated one is answered and not executed again. */
    publishedBatchKey: (symbol: string, ingestId: string) => named(symbol, `published:${ingestId}`),
    /** The hash with how many bytes the streams on one server hold, by when they were published; on no symbol's slot. */
    heldBytesKey: (server: string) => `fx:${namespace}:held:${server}`,
  };
}
