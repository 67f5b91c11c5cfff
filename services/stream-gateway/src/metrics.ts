import { Gauge, type Metrics } from "@fx-ohlc/service-kit";
import { type Connections, ENDPOINTS } from "./connection/connections.js";
import type { Counters } from "./counters.js";

/** Exports what the gateway counts. */
export function exportMetrics(metrics: Metrics, counters: Counters, connections: Connections): void {
  new Gauge({
    name: "websocket_connections_active",
    help: "Open WebSockets, by what they are connected to.",
    labelNames: ["endpoint"],
    registers: [metrics.registry],
    collect() {
      const counts = connections.counts();
      for (const endpoint of ENDPOINTS) this.set({ endpoint }, counts[endpoint]);
    },
  });
  const count = (name: string, help: string, read: () => number) => metrics.addCounter({ name, help, read });
  count("websocket_messages_sent_total", "Messages written to WebSockets.", () => counters.messagesSent);
  count("websocket_slow_consumers_total", "Clients closed because they read too slowly.", () => counters.slowConsumers);
  count(
    "websocket_ticks_conflated_total",
    "Ticks that lagging clients were told they skipped.",
    () => counters.ticksConflated,
  );
  count("websocket_upgrades_refused_total", "Upgrades answered with an error.", () => counters.upgradesRefused);
  count("stream_ticks_received_total", "Ticks received from Redis.", () => counters.ticksReceived);
  count(
    "stream_gaps_declared_total",
    "Gaps in a symbol's ticks that clients were told of.",
    () => counters.gapsDeclared,
  );
  count(
    "live_bar_mismatch_total",
    "Checks in which live bars differed from the database.",
    () => counters.liveBarMismatches,
  );
}
