import type { Metrics, Sample } from "@fx-ohlc/service-kit";
import type { Connections } from "./connection/connections.js";
import type { Counters } from "./counters.js";

/** Exports what the gateway counts. */
export function exportMetrics(metrics: Metrics, counters: Counters, connections: Connections): void {
  metrics.addGauge({
    name: "websocket_connections_active",
    help: "Open WebSockets, by what they are connected to.",
    labelNames: ["endpoint"],
    read: () => Object.entries(connections.counts()).map(([endpoint, open]): Sample => [{ endpoint }, open]),
  });
  const count = (name: string, counter: keyof Counters, help: string) =>
    metrics.addCounter({ name, help, read: () => counters[counter] });
  count("websocket_messages_sent_total", "messagesSent", "Messages written to WebSockets.");
  count("websocket_slow_consumers_total", "slowConsumers", "Clients closed because they read too slowly.");
  count("websocket_ticks_conflated_total", "ticksConflated", "Ticks that lagging clients were told they skipped.");
  count("websocket_upgrades_refused_total", "upgradesRefused", "Upgrades answered with an error.");
  count("stream_ticks_received_total", "ticksReceived", "Ticks received from Redis.");
  count("stream_gaps_declared_total", "gapsDeclared", "Gaps in a symbol's ticks that clients were told of.");
  count("live_bar_mismatch_total", "liveBarMismatches", "Checks in which live bars differed from the database.");
}
