/** Why the gateway closes a connection. */
export const CLOSE = {
  /** The gateway stops; the reason says when to come back: `{"retry_ms":1200}`. */
  goingAway: 1001,
  invalidData: 1007,
  internalError: 1011,
  unauthorized: 4001,
  slowConsumer: 4008,
  limitExceeded: 4009,
  badMessage: 4400,
} as const;

/** A close frame's reason holds 125 bytes, less two for the code. */
export const REASON_BYTES_MAX = 123;

/**
 * The reason of a close for slowness: where each ticks channel can be resumed, as many as fit.
 *
 * @param offsets by channel
 */
export function offsetsReason(offsets: Iterable<readonly [channel: string, offset: string]>): string {
  const fitting: Record<string, string> = {};
  let reason = JSON.stringify({ offsets: fitting });
  for (const [channel, offset] of offsets) {
    fitting[channel] = offset;
    const longer = JSON.stringify({ offsets: fitting });
    if (Buffer.byteLength(longer) > REASON_BYTES_MAX) break;
    reason = longer;
  }
  return reason;
}
