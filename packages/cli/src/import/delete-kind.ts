import type { FxClient, TickJson } from "@fx-ohlc/client";
import { formatTime, parseTime } from "@fx-ohlc/schemas";
import type { TickKind } from "./chunk-rows.js";
import { kindOf, type StoredRange } from "./stored-kinds.js";

/** Ticks that one request deletes: a second or two of work, well within the time that an answer is waited for. */
const RUN_TICKS_MAX = 100_000;

/** The ticks of each time together. */
export async function* stampsOf(ticks: AsyncIterable<TickJson>): AsyncGenerator<readonly TickJson[]> {
  let stamp: TickJson[] = [];
  for await (const tick of ticks) {
    if (stamp[0] !== undefined && stamp[0].time !== tick.time) {
      yield stamp;
      stamp = [];
    }
    stamp.push(tick);
  }
  if (stamp.length > 0) yield stamp;
}

/** Deletes ticks of one kind and leaves those of the other, which may lie among them. */
class Deletion {
  #first: string | undefined;
  #last = "";
  #run = 0;
  count = 0;

  constructor(
    private readonly client: FxClient,
    private readonly symbol: string,
    private readonly signal: AbortSignal,
  ) {}

  async take(stamp: readonly TickJson[], kind: TickKind): Promise<void> {
    const doomed = stamp.filter((tick) => kindOf(tick) === kind);
    const time = stamp[0]?.time ?? "";
    if (doomed.length < stamp.length || this.#run >= RUN_TICKS_MAX) await this.flush();
    this.count += doomed.length;
    if (doomed.length === stamp.length) {
      this.#first ??= time;
      this.#last = time;
      this.#run += doomed.length;
      return;
    }
    for (const { seq } of doomed) {
      await this.client.deleteTick({ symbol: this.symbol, time, seq, signal: this.signal });
    }
  }

  /** Deletes the stamps in a row at which there is nothing of the other kind. */
  async flush(): Promise<void> {
    const start = this.#first;
    this.#first = undefined;
    this.#run = 0;
    if (start === undefined) return;
    const end = formatTime((parseTime(this.#last) ?? 0) + 1);
    await this.client.deleteTicks({ symbol: this.symbol, start, end, signal: this.signal });
  }
}

/** Deletes what is of that kind in a range. @returns how many ticks they were */
export async function deleteKind(
  client: FxClient,
  { symbol, fromUs, toUs }: StoredRange,
  kind: TickKind,
  signal: AbortSignal,
): Promise<number> {
  const deletion = new Deletion(client, symbol, signal);
  const ticks = client.ticks({ symbol, start: formatTime(fromUs), end: formatTime(toUs), signal });
  for await (const stamp of stampsOf(ticks)) await deletion.take(stamp, kind);
  await deletion.flush();
  return deletion.count;
}
