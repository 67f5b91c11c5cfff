import { IncompatibleSchemaError, type Queries } from "@fx-ohlc/database";

/** Which database this is, as gateways are told. */
export interface StreamIdentity {
  readonly database_id: string;
  /** What the keys and channels of its streams on Redis begin with. */
  readonly stream_namespace: string;
  /** Another one whenever the database may have gone back, or is another. */
  readonly incarnation: string;
  /**
   * From when on what was told of the one before may not have happened: the moment it was put back to, in microseconds since
   * 1970; null when nobody knows, or it is the first.
   */
  readonly incarnation_from_us: number | null;
}

/**
 * Reads it from the settings as they are now, and not as this service has seen them some time ago.
 *
 * @throws IncompatibleSchemaError when the database has no identity
 */
export async function readIdentity(sql: Queries): Promise<StreamIdentity> {
  const [identity] = await sql<StreamIdentity[]>`
    select id.value as database_id, namespace.value as stream_namespace, incarnation.value as incarnation,
           (select value::bigint from settings where key = 'incarnation_from') as incarnation_from_us
      from settings id, settings namespace, settings incarnation
     where id.key = 'database_id' and namespace.key = 'stream_namespace' and incarnation.key = 'incarnation'`;
  if (identity === undefined) throw new IncompatibleSchemaError("the database has no identity: run fx-migrate");
  return identity;
}
