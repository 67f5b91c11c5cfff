/** What one SQL statement could see, as `pg_current_snapshot()::text` tells it. */
export interface Snapshot {
  /** Every transaction below it has ended. */
  readonly xmin: bigint;
  /** No transaction from it on had ended. */
  readonly xmax: bigint;
  /** Transactions in between that were still running. */
  readonly inProgress: ReadonlySet<bigint>;
}

const SNAPSHOT = /^(\d+):(\d+):((?:\d+(?:,\d+)*)?)$/;

/**
 * Reads `xmin:xmax:xip,xip,…`. Transaction ids are 64-bit and outgrow JavaScript's numbers, hence bigint.
 *
 * @throws TypeError when `text` is not a snapshot
 */
export function parseSnapshot(text: string): Snapshot {
  const match = SNAPSHOT.exec(text);
  if (match === null) throw new TypeError(`not a snapshot: ${text.slice(0, 80)}`);
  const [, xmin = "", xmax = "", running = ""] = match;
  const inProgress = running === "" ? [] : running.split(",").map(BigInt);
  return { xmin: BigInt(xmin), xmax: BigInt(xmax), inProgress: new Set(inProgress) };
}

/** Whether a committed transaction is in what the snapshot saw: the same verdict as `pg_visible_in_snapshot(xid, snapshot)`. */
export function isVisible(xid: bigint, snapshot: Snapshot): boolean {
  if (xid < snapshot.xmin) return true;
  return xid < snapshot.xmax && !snapshot.inProgress.has(xid);
}
