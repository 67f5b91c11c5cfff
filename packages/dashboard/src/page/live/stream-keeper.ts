import { type BarMessage, type EventOf, ForbiddenError, type FxClient, sleep } from "@fx-ohlc/client";
import { formatTime, US_PER_SECOND } from "@fx-ohlc/schemas/time";
import type { Gate } from "../access/gate.js";
import type { ChartPane } from "../chart/chart-pane.js";
import type { Monitor } from "../monitor.js";
import type { FollowedTicks } from "../ticks/followed-ticks.js";
import { PolledPrices } from "./polled-prices.js";
import { closedText, isUnauthorized } from "./stream-end.js";

/** Between attempts to read what an outage left to be read. */
const RETRY_MS = 2_000;
/** A producer's clock may be ahead. */
const AHEAD_S = 60;

/** What is to be kept as it should be. */
export interface KeptParts {
  readonly client: FxClient;
  readonly gate: Gate;
  readonly monitor: Monitor;
  readonly pane: ChartPane;
  readonly ticks: FollowedTicks;
  /** Every symbol there is, those first whose prices somebody sees. */
  symbols(): readonly string[];
  /** The chosen symbol. */
  followed(): string | undefined;
  onBar(message: BarMessage): void;
}

/**
 * Keeps what is shown true whatever becomes of the stream: after an outage it is read again, and where there is no stream to be had
 * now and then.
 */
export class StreamKeeper {
  readonly #polled: PolledPrices;
  /** What was told of the chosen symbol last. */
  #told = "";

  constructor(private readonly parts: KeptParts) {
    this.#polled = new PolledPrices(parts.client, {
      symbols: () => parts.symbols(),
      onBars: (bars) => this.#onPolled(bars),
      onRead: () => parts.monitor.onConnection({ type: "polled", atMs: Date.now() }),
    });
  }

  onStatus({ status, reason, retryMs, error }: EventOf<"status">): void {
    const { gate, monitor } = this.parts;
    const atMs = Date.now();
    if (isUnauthorized(error)) gate.onUnauthorized();
    if (status === "connecting") monitor.onConnection({ type: "attempt", atMs });
    if (status === "waiting") monitor.onConnection({ type: "down", atMs, reason, retryMs });
    if (status === "closed") monitor.onConnection({ type: "closed", atMs, reason: closedText(error) ?? reason });
    // The key may read all the same.
    if (status === "closed" && error instanceof ForbiddenError) this.#polled.start();
    if (status !== "live") return;
    monitor.onConnection({ type: "up", atMs });
    if (monitor.isCatchingUp) void this.#catchUp();
  }

  /** The stream begins anew after it was away for too long. */
  onRestart(): void {
    const { monitor, ticks } = this.parts;
    const nowMs = Date.now();
    const from = new Date(monitor.lostAtMs ?? nowMs).toISOString();
    const to = new Date(nowMs).toISOString();
    const hole = { what: "Away too long to replay ticks; bars are read again", from, to };
    monitor.onConnection({ type: "hole", atMs: nowMs, hole });
    ticks.refresh();
  }

  /** After an outage: everything shown is read again, until that succeeds or the connection is lost once more. */
  async #catchUp(): Promise<void> {
    const { monitor, pane } = this.parts;
    while (monitor.isCatchingUp) {
      if (await pane.refresh()) {
        monitor.onConnection({ type: "caught-up", atMs: Date.now() });
        return;
      }
      await sleep(RETRY_MS);
    }
  }

  #onPolled(bars: readonly BarMessage[]): void {
    const { pane, ticks, monitor, followed, onBar } = this.parts;
    for (const bar of bars) onBar(bar);
    const chosen = bars.find(({ bar }) => bar.symbol === followed());
    const told = JSON.stringify(chosen?.bar);
    if (chosen === undefined || told === this.#told) return;
    this.#told = told;
    const nowS = monitor.nowMs / 1_000;
    pane.onNews(nowS);
    ticks.readNews(formatTime(Math.ceil(nowS + AHEAD_S) * US_PER_SECOND));
  }
}
