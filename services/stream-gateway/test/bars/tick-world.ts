import { bucketEnd, bucketStart, type DayBoundary, type Micros } from "@fx-ohlc/schemas";
import type { BarEvent, ShownBar } from "../../src/bars/bar-event.js";
import { keyText } from "../../src/bars/counted-bar.js";
import type { FoldTick, KeyedBar } from "../../src/bars/folded-bar.js";
import { type Anchor, LiveBars, type TickBatch } from "../../src/bars/live-bars.js";
import type { TickAnchor } from "../../src/bars/live-level.js";
import { barOf, type Costs, ModelDatabase, plainBar, SYMBOL } from "./bar-model.js";

export const PER_BAR = 10;
const INTERVAL = "10t";
const GRACE_US = 2_000_000;
/** As ohlc-query hands ticks over one by one. */
const UNSETTLED_US = 10_000_000;
const BOUNDARY: DayBoundary = { hour: 22, timezone: "UTC" };

type Message =
  | { readonly kind: "ticks"; readonly batch: TickBatch }
  | { readonly kind: "revision"; readonly fromUs: Micros; readonly toUs: Micros };

/** Bars of ticks, made from scratch. */
export function tickBarsOf(ticks: readonly FoldTick[]): KeyedBar[] {
  const ordered = [...ticks].sort((a, b) => a.timeUs - b.timeUs || a.seq - b.seq);
  const days = new Map<Micros, FoldTick[]>();
  for (const tick of ordered) {
    const dayUs = bucketStart(tick.timeUs, "1d", BOUNDARY);
    days.set(dayUs, [...(days.get(dayUs) ?? []), tick]);
  }
  return [...days.values()].flatMap((ofDay) =>
    Array.from({ length: Math.ceil(ofDay.length / PER_BAR) }, (_, bar) => {
      const own = ofDay.slice(bar * PER_BAR, (bar + 1) * PER_BAR);
      return barOf(own[0]?.timeUs ?? 0, own);
    }),
  );
}

/** Two producers, a database, a stream that may lose messages, and a gateway's bars of ten ticks, with quotes. */
export class TickWorld {
  readonly database = new ModelDatabase(BOUNDARY);
  readonly live = new LiveBars(SYMBOL, GRACE_US, "quote", [{ interval: INTERVAL }]);
  /** What a client knows, by the place of the first tick of each bar. */
  known = new Map<string, ShownBar["bar"]>();
  readonly #finals = new Set<string>();
  /** Bars that were told final twice, and not as a revision. */
  readonly repeated: string[] = [];
  readonly #stream: Message[] = [];
  readonly #unpublished: [Message[], Message[]] = [[], []];
  #isBroken = false;
  #confirmedUs = 0;
  #anchor: { readonly request: number; answer?: Anchor } | undefined;

  /** A symbol that trades, and a client that has just come and has read what there is. */
  constructor(public nowUs: Micros) {
    const old = Array.from({ length: 2.5 * PER_BAR }, (_, i) => ({
      timeUs: nowUs - 60_000_000 + i * 1000,
      seq: 0,
      price: 1,
    }));
    this.post(0, old);
    for (let step = 0; step < 3; step += 1) this.stepAnchor();
    this.#hear();
    this.known = this.stored();
  }

  post(producer: 0 | 1, ticks: readonly FoldTick[]): void {
    const transaction = this.database.begin(ticks);
    this.database.commit(transaction);
    const batch = {
      xid: transaction.xid,
      ticks: [...transaction.ticks].sort((a, b) => a.timeUs - b.timeUs || a.seq - b.seq),
    };
    if (batch.ticks.length > 0) this.#unpublished[producer].push({ kind: "ticks", batch });
  }

  correct(producer: 0 | 1, fromUs: Micros, toUs: Micros, costs: Costs | undefined): void {
    this.database.correct(fromUs, toUs, costs);
    this.#unpublished[producer].push({ kind: "revision", fromUs, toUs });
  }

  publish(producer: 0 | 1): void {
    this.#stream.push(...this.#unpublished[producer].splice(0, 1));
  }

  deliver(): void {
    const message = this.#stream.shift();
    if (message === undefined) return;
    this.#noticeLoss();
    if (message.kind === "ticks") this.live.add(message.batch);
    else this.live.revise(message.fromUs, message.toUs);
  }

  /** The stream loses a message that tells of nothing old. */
  lose(): void {
    const [first] = this.#stream;
    const fromUs = first?.kind === "ticks" ? first.batch.ticks[0]?.timeUs : first?.fromUs;
    if (fromUs === undefined || fromUs < this.nowUs - 30_000_000) return;
    this.#stream.shift();
    this.#isBroken = true;
  }

  stepAnchor(): void {
    if (this.#anchor === undefined) {
      if (this.live.needsAnchor) this.#anchor = { request: this.live.anchorRequested() };
    } else if (this.#anchor.answer === undefined) {
      this.#anchor.answer = this.#read();
    } else {
      const { request, answer } = this.#anchor;
      this.#anchor = undefined;
      this.#take(this.live.anchorLoaded(request, answer, this.nowUs));
    }
  }

  advance(us: number): void {
    this.nowUs += us;
    if (this.#stream.length === 0 && !this.#isBroken) this.#confirmedUs = this.nowUs;
    this.#take(this.live.advance(this.nowUs, this.#confirmedUs));
    const left = this.live.takeDirty();
    if (left.length > 0) this.#hear();
    for (const { fromUs, toUs } of left) this.#reload(fromUs, toUs);
  }

  /** Everything arrives, and time passes until all is final. */
  settle(): void {
    this.#deliverAll();
    this.#noticeLoss();
    for (let step = 0; step < 20; step += 1) {
      for (let turn = 0; turn < 3; turn += 1) this.stepAnchor();
      this.advance(30_000_000);
    }
  }

  /** The stream tells of a commit before anybody has read it over HTTP: in milliseconds. */
  #hear(): void {
    this.#deliverAll();
    this.#take(this.live.advance(this.nowUs, this.#confirmedUs));
  }

  #deliverAll(): void {
    for (const producer of [0, 1] as const) while (this.#unpublished[producer].length > 0) this.publish(producer);
    while (this.#stream.length > 0) this.deliver();
  }

  /** The bar that a client which comes now is sent, by what the gateway knows. */
  newest(): ShownBar | undefined {
    return this.live.newest(INTERVAL, this.nowUs);
  }

  #noticeLoss(): void {
    if (this.#isBroken) this.live.doubt();
    this.#isBroken = false;
  }

  /** What ohlc-query answers. */
  #read(): Anchor {
    const { snapshot, nowUs } = this.database.anchor(this.nowUs);
    const ordered = [...this.database.ticks].sort((a, b) => a.timeUs - b.timeUs || a.seq - b.seq);
    const sinceUs = nowUs - UNSETTLED_US;
    const before = ordered.filter(({ timeUs }) => timeUs < sinceUs);
    const last = before.at(-1);
    const bar = tickBarsOf(before).at(-1);
    const ofTicks: TickAnchor = {
      bar: bar && { ...bar, seq: bar.openKey.seq },
      count: bar?.tickCount ?? 0,
      last,
      dayEndUs: last === undefined ? 0 : bucketEnd(last.timeUs, "1d", BOUNDARY),
      ticks: ordered.filter(({ timeUs }) => timeUs >= sinceUs),
    };
    return { snapshot, nowUs, boundary: BOUNDARY, bars: {}, ofTicks };
  }

  #take(events: readonly BarEvent[]): void {
    for (const { kind, bar } of events) {
      const key = keyText({ timeUs: bar.bucketUs, seq: bar.seq ?? 0 });
      if (kind === "final" && this.#finals.has(key)) this.repeated.push(key);
      if (kind === "final") this.#finals.add(key);
      if (bar.tickCount === 0) this.known.delete(key);
      else this.known.set(key, bar);
    }
  }

  #reload(fromUs: Micros, toUs: Micros): void {
    const isIn = ([, bar]: readonly [string, ShownBar["bar"]]) => bar.bucketUs >= fromUs && bar.bucketUs < toUs;
    const kept = [...this.known].filter((entry) => !isIn(entry));
    this.known = new Map([...kept, ...[...this.stored()].filter(isIn)]);
  }

  /** What `GET /ohlc` answers. */
  stored(): Map<string, ShownBar["bar"]> {
    const bars = tickBarsOf(this.database.ticks);
    return new Map(bars.map((bar) => [keyText(bar.openKey), { ...plainBar(bar), seq: bar.openKey.seq }]));
  }
}
