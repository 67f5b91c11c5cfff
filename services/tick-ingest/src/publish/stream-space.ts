import type { StreamNames } from "@fx-ohlc/schemas";
import { entryOf, type Logger, type RedisStore } from "@fx-ohlc/service-kit";
import type { SegmentChange } from "./publish-script.js";
import { segmentSeconds } from "./stream-script.js";

export interface StreamSpaceOptions {
  readonly redis: RedisStore;
  readonly logger: Logger;
  /** What all streams on one server may hold together. */
  readonly bytesMax: number;
  /** How long they keep a message. */
  readonly keepS: number;
}

/** How often what was published is added up with what other processes published: so much may be published too much. */
const SETTLE_INTERVAL_MS = 100;
/** What a stream may hold before it is known what all of them do: a fraction of everything. */
const UNKNOWN_SHARE = 1 / 16;

/** What is known of one server's streams. */
interface Account {
  /** What its streams held when they were last added up, by all processes; undefined before. */
  totalBytes: number | undefined;
  /** By the second in which the segment began, rounded: what this process added since. */
  readonly unsettled: Map<number, number>;
}

/**
 * How much each stream may hold, so that all of them together never take more than they may.
 *
 * A stream may hold as much as is free: one that is busy takes half of everything at most, ten take a tenth each, and there is
 * always some room left for those that come. What is held is counted by the segments of the streams, in one hash a server that
 * all processes add to ten times a second. A segment is forgotten when its time has passed, whether or not anybody published to
 * its stream since: by then it has expired. So no stream is ever looked at, and what a process could not add up when it died is
 * right again soon.
 */
export class StreamSpace {
  private readonly accounts = new Map<string, Account>();
  private readonly segmentS: number;
  private names: StreamNames | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly options: StreamSpaceOptions) {
    this.segmentS = segmentSeconds(options.keepS);
  }

  /** What a stream on a server may hold now, in bytes. */
  streamBytesMax(server: string): number {
    const { bytesMax } = this.options;
    const { totalBytes, unsettled } = this.accountOf(server);
    if (totalBytes === undefined) return Math.floor(bytesMax * UNKNOWN_SHARE);
    let held = totalBytes;
    for (const bytes of unsettled.values()) held += bytes;
    return Math.max(0, Math.floor(bytesMax - held));
  }

  /** What all streams on any server hold, as far as it is known. */
  get heldBytes(): number {
    return [...this.accounts.values()].reduce((sum, { totalBytes = 0 }) => sum + totalBytes, 0);
  }

  /** Takes down what a call has changed. */
  note(names: StreamNames, server: string, changes: readonly SegmentChange[]): void {
    // Another deployment has streams of its own.
    if (names !== this.names) this.accounts.clear();
    this.names = names;
    const { unsettled } = this.accountOf(server);
    for (const { sinceS, bytes } of changes) {
      const field = Math.floor(sinceS / this.segmentS) * this.segmentS;
      addTo(unsettled, field, bytes);
    }
    this.timer ??= setTimeout(() => void this.settleAll(names), SETTLE_INTERVAL_MS).unref();
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  private accountOf(server: string): Account {
    return entryOf<string, Account>(this.accounts, server, () => ({ totalBytes: undefined, unsettled: new Map() }));
  }

  private async settleAll(names: StreamNames): Promise<void> {
    await Promise.all([...this.accounts].map(([server, account]) => this.settle(names.heldBytesKey(server), account)));
    this.timer = undefined;
  }

  private async settle(key: string, account: Account): Promise<void> {
    const changes = new Map(account.unsettled);
    if (changes.size === 0) return;
    try {
      account.totalBytes = await this.add(key, changes);
      for (const [field, bytes] of changes) addTo(account.unsettled, field, -bytes);
    } catch (error) {
      if (this.options.redis.isReady) this.options.logger.debug("what streams hold was not added up", { error });
    }
  }

  /** @returns what the streams hold with it */
  private async add(key: string, changes: ReadonlyMap<number, number>): Promise<number> {
    const client = this.options.redis.clientOf(key);
    const adding = client.multi();
    for (const [field, bytes] of changes) adding.hIncrBy(key, String(field), bytes);
    const rememberedS = this.options.keepS + 2 * this.segmentS;
    const answers = await adding.expire(key, rememberedS).addCommand(["TIME"]).hGetAll(key).exec();
    const [nowS] = answers.at(-2) as unknown as readonly string[]; // Redis answers TIME with two texts.
    const fields = Object.entries(answers.at(-1) as unknown as Readonly<Record<string, string>>);
    const isOver = ([field]: readonly [string, string]) => Number(field) + rememberedS <= Number(nowS);
    const over = fields.filter(isOver).map(([field]) => field);
    if (over.length > 0) await client.hDel(key, over);
    return fields.filter((field) => !isOver(field)).reduce((sum, [, bytes]) => sum + Math.max(0, Number(bytes)), 0);
  }
}

function addTo(sums: Map<number, number>, field: number, bytes: number): void {
  const sum = (sums.get(field) ?? 0) + bytes;
  if (sum === 0) sums.delete(field);
  else sums.set(field, sum);
}
