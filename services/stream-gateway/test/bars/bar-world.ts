import { bucketEnd, type DayBoundary, type Micros, parseInterval, type StoredInterval } from "@fx-ohlc/schemas";
import type { BarEvent } from "../../src/bars/bar-event.js";
import type { ClosedRange } from "../../src/bars/bar-level.js";
import type { FoldTick } from "../../src/bars/folded-bar.js";
import { type Anchor, LiveBars, type TickBatch } from "../../src/bars/live-bars.js";
import { ModelDatabase, plainBar, SYMBOL, type Transaction } from "./bar-model.js";

export const GRACE_US = 2_000_000;

type Message =
  | { readonly kind: "ticks"; readonly batch: TickBatch }
  | { readonly kind: "revision"; readonly fromUs: Micros; readonly toUs: Micros };

interface Ingest {
  readonly open: Transaction[];
  readonly unpublished: Message[];
}

/** What a client knows after the events it was sent. */
type Belief = Map<Micros, BarEvent>;

/**
 * Two ingest processes, a database, a stream that can lose messages, and one {@link LiveBars} that sees of it what a gateway
 * sees. Every step is taken on its own, so that any interleaving can be played.
 */
export class BarWorld {
  readonly live = new LiveBars(SYMBOL, GRACE_US);
  readonly database: ModelDatabase;
  readonly beliefs: Readonly<Record<StoredInterval, Belief>> = { minute: new Map(), hour: new Map(), day: new Map() };
  /** The oldest bucket that was told as a bar of its own, not as the revision of one told before this gateway started. */
  readonly toldFromUs: Record<StoredInterval, Micros> = { minute: Infinity, hour: Infinity, day: Infinity };
  readonly #ingests: readonly Ingest[] = [0, 1].map(() => ({ open: [], unpublished: [] }));
  readonly #stream: Message[] = [];
  #isStreamBroken = false;
  #confirmedUs = 0;
  #anchor: { readonly request: number; answer?: Anchor } | undefined;
  #reads: { readonly range: ClosedRange; answer?: ReturnType<typeof plainBar>[] }[] = [];

  constructor(
    public nowUs: Micros,
    readonly boundary: DayBoundary,
  ) {
    this.database = new ModelDatabase(boundary);
  }

  begin(ingest: number, ticks: readonly FoldTick[]): void {
    this.#ingests[ingest]?.open.push(this.database.begin(ticks));
  }

  /** Commits a running transaction; its message waits to be published, in pieces of two ticks. */
  commit(ingest: number, which: number): void {
    const { open, unpublished } = this.#ingest(ingest);
    const [transaction] = open.splice(which % Math.max(1, open.length), 1);
    if (transaction === undefined) return;
    this.database.commit(transaction);
    for (let at = 0; at < transaction.ticks.length; at += 2) {
      const batch = { xid: transaction.xid, ticks: transaction.ticks.slice(at, at + 2) };
      unpublished.push({ kind: "ticks", batch });
    }
  }

  correct(ingest: number, fromUs: Micros, toUs: Micros, price: number | undefined): void {
    this.database.correct(fromUs, toUs, price);
    this.#ingest(ingest).unpublished.push({ kind: "revision", fromUs, toUs });
  }

  publish(ingest: number): void {
    const message = this.#ingest(ingest).unpublished.shift();
    if (message !== undefined) this.#stream.push(message);
  }

  deliver(): void {
    const message = this.#stream.shift();
    if (message === undefined) return;
    this.#noticeLoss();
    if (message.kind === "ticks") this.live.add(message.batch);
    else this.live.revise(message.fromUs, message.toUs);
  }

  /** The stream loses its oldest messages; the gateway hears of it before the next one. */
  lose(count: number): void {
    if (this.#stream.splice(0, count).length > 0) this.#isStreamBroken = true;
  }

  /** One step on an anchor's way: asked for, read from the database, answered. */
  stepAnchor(): void {
    if (this.#anchor === undefined) {
      if (this.live.needsAnchor) this.#anchor = { request: this.live.anchorRequested() };
    } else if (this.#anchor.answer === undefined) {
      this.#anchor.answer = this.database.anchor(this.nowUs);
    } else {
      this.#take(this.live.anchorLoaded(this.#anchor.request, this.#anchor.answer, this.nowUs));
      this.#anchor = undefined;
    }
  }

  failRead(): void {
    const read = this.#reads.shift();
    if (read !== undefined) this.live.readFailed(read.range);
  }

  failAnchor(): void {
    if (this.#anchor !== undefined) this.live.anchorFailed(this.#anchor.request);
    this.#anchor = undefined;
  }

  /** One step on the way of a read of closed bars: taken up, read from the database, answered. */
  stepRead(): void {
    const [read] = this.#reads;
    if (read === undefined) {
      this.#reads = this.live.takeDirty().map((range) => ({ range }));
    } else if (read.answer === undefined) {
      const { interval, fromUs, toUs } = read.range;
      const bars = this.database.bars(interval).filter((bar) => bar.bucketUs >= fromUs && bar.bucketUs < toUs);
      read.answer = bars.map(plainBar);
    } else {
      this.#reads.shift();
      this.#take(this.live.closedRead(read.range, read.answer));
    }
  }

  /** Time passes, and the gateway looks at its clock. */
  advance(us: number): void {
    this.nowUs += us;
    if (this.#stream.length === 0 && !this.#isStreamBroken) this.#confirmedUs = this.nowUs;
    this.#take(this.live.advance(this.nowUs, this.#confirmedUs));
  }

  /** Everything under way arrives, and the clock moves on until every bar is final. */
  settle(): void {
    for (const [index, ingest] of this.#ingests.entries()) {
      while (ingest.open.length > 0) this.commit(index, 0);
      while (ingest.unpublished.length > 0) this.publish(index);
    }
    while (this.#stream.length > 0) this.deliver();
    this.#noticeLoss();
    for (let step = 0; step < 100; step += 1) {
      for (let turn = 0; turn < 12; turn += 1) {
        this.stepAnchor();
        this.stepRead();
      }
      this.advance(7_500_000);
    }
  }

  #noticeLoss(): void {
    if (this.#isStreamBroken) this.live.doubt();
    this.#isStreamBroken = false;
  }

  #ingest(index: number): Ingest {
    const ingest = this.#ingests[index];
    if (ingest === undefined) throw new Error(`no ingest ${index}`);
    return ingest;
  }

  /** What clients hear, and the promises about each event by itself. */
  #take(events: readonly BarEvent[]): void {
    for (const event of events) {
      const { bar, interval, kind } = event;
      const belief = this.beliefs[interval];
      const before = belief.get(bar.bucketUs);
      const endUs = bucketEnd(bar.bucketUs, parseInterval(interval) ?? "1m", this.boundary);
      expect(bar.bucketUs).toBeLessThanOrEqual(this.nowUs);
      if (kind === "bar") expect(event.complete).toBe(endUs <= this.nowUs);
      if (kind === "bar") expect(before?.kind ?? "bar").toBe(before?.bar.tickCount === 0 ? "revision" : "bar");
      if (kind === "final") expect(endUs + GRACE_US).toBeLessThanOrEqual(this.nowUs);
      if (kind === "final") expect(["bar", undefined, "revision"]).toContain(before?.kind);
      if (kind === "final" && before?.kind === "revision") expect(before.bar.tickCount).toBe(0);
      if (kind !== "revision") this.toldFromUs[interval] = Math.min(this.toldFromUs[interval], bar.bucketUs);
      belief.set(bar.bucketUs, event);
    }
  }
}
