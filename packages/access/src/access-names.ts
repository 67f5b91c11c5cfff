/**
 * Names on Redis of what services share about tokens. The braces are a hash tag: all of it lives on one slot of a Redis Cluster.
 *
 * @param namespace of the database, as its settings say, so that deployments that share a Redis stay apart
 */
export function accessNames(namespace: string) {
  const tag = `fx:{access:${namespace}}:`;
  return {
    /** The version of what the next two hold. */
    version: `${tag}version`,
    /** There as long as tick-ingest has found that version to be the database's, of late. */
    confirmed: `${tag}confirmed`,
    /** The hash of live keys by id. */
    keys: `${tag}keys`,
    /** The hash of revoked subjects of JWTs, with when. */
    subjects: `${tag}subjects`,
    /** The channel on which every new version is named. */
    changes: `${tag}changes`,
    /** The hash of when keys were last used, until tick-ingest has recorded it. */
    used: `${tag}used`,
    ticket: (hash: string) => `${tag}ticket:${hash}`,
    allowance: (id: string) => `${tag}allowance:${id}`,
    held: (id: string) => `${tag}held:${id}`,
  };
}

export type AccessNames = ReturnType<typeof accessNames>;
