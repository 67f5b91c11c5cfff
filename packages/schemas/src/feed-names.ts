/**
 * Names on Redis of what is known of feeds. The braces are a hash tag: all of it lives on one slot of a Redis Cluster.
 *
 * @param namespace of the database, as its settings say, so that deployments that share a Redis stay apart
 */
export function feedNames(namespace: string) {
  const tag = `fx:{feeds:${namespace}}:`;
  return {
    /** The hash of when each feed was heard last of each symbol. */
    heard: `${tag}heard`,
    /** The hash of how many ticks came in some seconds, and how late each was. */
    delays: (slot: number) => `${tag}delays:${slot}`,
    /** The hash of the state of each feed of each symbol. */
    states: `${tag}states`,
    /** The hash of the state of each symbol: that of its best feed. */
    status: `${tag}status`,
    /** Another number whenever anything in the last two is another. */
    version: `${tag}version`,
    /** Since when and until when somebody has watched without a pause. */
    watched: `${tag}watched`,
    /** Who watches. */
    lease: `${tag}lease`,
  };
}

export type FeedNames = ReturnType<typeof feedNames>;
