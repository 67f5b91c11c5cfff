import { formatTime, type Micros, type RevisionReason, type Tick } from "@fx-ohlc/schemas";

/** Ticks one message holds at most: some 13 kB, so that no reader waits long behind it. */
const TICKS_PER_MESSAGE_MAX = 200;

/** A message waiting for Redis. */
export interface Outgoing {
  /** The commits that wait for it: one, several where a revision stands for them, or none. */
  batches: readonly number[];
  /** The newest of the commits it was made for, which places its call among the others; undefined without any. */
  readonly order: number | undefined;
  /** Ticks in it; 0 for a revision. */
  readonly ticks: number;
  /** The half-open range of time it tells of. */
  readonly fromUs: Micros;
  readonly toUs: Micros;
  /** The message's JSON before and after its offset. */
  readonly head: string;
  readonly tail: string;
}

function headOf(type: "ticks" | "revision", symbol: string): string {
  return `{"type":"${type}","symbol":"${symbol}","offset":"`;
}

function tickJson({ timeUs, price, seq }: Tick): string {
  return `{"time":"${formatTime(timeUs)}","price":${price},"seq":${seq}}`;
}

/** The messages that tell of one symbol's new ticks, which are ordered by (time, seq). */
export function tickMessages(symbol: string, ticks: readonly Tick[], xid: string, batch: number): Outgoing[] {
  const messages: Outgoing[] = [];
  for (let at = 0; at < ticks.length; at += TICKS_PER_MESSAGE_MAX) {
    const part = ticks.slice(at, at + TICKS_PER_MESSAGE_MAX);
    messages.push({
      batches: [batch],
      order: batch,
      ticks: part.length,
      fromUs: part[0]?.timeUs ?? 0,
      toUs: (part.at(-1)?.timeUs ?? 0) + 1,
      head: headOf("ticks", symbol),
      // Written when its turn comes: right after the commit the next one is waited for.
      get tail() {
        return `","xid":"${xid}","ticks":[${part.map(tickJson).join(",")}]}`;
      },
    });
  }
  return messages;
}

/** The message that tells of a changed range. */
export function revisionMessage(
  symbol: string,
  range: { readonly fromUs: Micros; readonly toUs: Micros },
  reason: RevisionReason,
  batches: readonly number[],
): Outgoing {
  const { fromUs, toUs } = range;
  const tail = `","from":"${formatTime(fromUs)}","to":"${formatTime(toUs)}","reason":"${reason}"}`;
  const order = batches.length === 0 ? undefined : batches.reduce((newest, batch) => Math.max(newest, batch));
  return { batches, order, ticks: 0, fromUs, toUs, head: headOf("revision", symbol), tail };
}
