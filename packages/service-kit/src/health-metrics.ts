import type { EnvReader } from "./env.js";
import type { Health } from "./health.js";
import type { Metrics, Sample } from "./metrics.js";

/** Sentences differ in their numbers only, and each would be a series of its own for ever. */
const NUMBER = /\d+(\.\d+)?/g;

/**
 * What `/health` says, for alerts. An exporter beside a server sees whether that answers, which one that is read-only, full or
 * waits for its standby does; and one that asks a frozen server says nothing at all.
 */
export function exportHealth(metrics: Metrics, health: Health): void {
  metrics.addGauge({
    name: "dependency_up",
    help: "1 while the service can use what it depends on, as far as it has to.",
    labelNames: ["dependency"],
    read: async () =>
      Object.entries((await health.state()).dependencies).map(
        ([dependency, state]): Sample => [{ dependency }, state === "connected" ? 1 : 0],
      ),
  });
  metrics.addGauge({
    name: "health_problem",
    help: "1 for each sentence of `problems` in /health, with N for its numbers.",
    labelNames: ["problem"],
    read: async () =>
      (await health.state()).problems.map((problem): Sample => [{ problem: problem.replaceAll(NUMBER, "N") }, 1]),
  });
}

/** Reads `REPLICAS_EXPECTED`: how many of a service there should be; 0 when nobody says. */
export function readReplicas(env: EnvReader): number {
  return env.integer("REPLICAS_EXPECTED", { default: 0, min: 0, max: 10_000 });
}

/** Prometheus counts those that answer, and does not know of one whose name is gone. */
export function exportReplicas(metrics: Metrics, replicasExpected: number): void {
  metrics.addGauge({
    name: "replicas_expected",
    help: "How many of this service there should be (REPLICAS_EXPECTED); 0 when nobody says.",
    read: () => replicasExpected,
  });
}
