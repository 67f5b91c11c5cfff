import { spawnSync } from "node:child_process";
import type { Step } from "./steps.js";

/** A drill of the guide. */
export interface Drill {
  readonly name: string;
  readonly steps: readonly Step[];
  /** Nothing is broken, so no read may fail. */
  readonly isPlanned?: true;
}

/** How long what is frozen stays so, s: longer than every time-out of a request. */
const FROZEN_S = 10;
const SERVICES = ["tick-ingest", "ohlc-query", "stream-gateway"];

/**
 * The drills of the guide, on what `docker compose -f FILE up` has started. A container that is killed is started again by the drill:
 * Docker leaves those alone that somebody has killed.
 */
export function composeDrills(file: string): Drill[] {
  const compose = `${composeCommand()} -f '${file}'`;
  const first = (service: string) => `"$(${compose} ps --all --quiet ${service} | head -n 1)"`;
  const kill = (service: string): Drill => ({
    name: `kill ${service}`,
    steps: [
      { atS: 5, command: `docker kill --signal KILL ${first(service)}` },
      { atS: 10, command: `docker start ${first(service)}` },
    ],
  });
  const freeze = (service: string): Drill => ({
    name: `freeze ${service}`,
    steps: [
      { atS: 5, command: `docker pause ${first(service)}` },
      { atS: 5 + FROZEN_S, command: `docker unpause ${first(service)}` },
    ],
  });
  return [
    {
      name: "rolling restart",
      steps: [{ atS: 5, command: `node infra/docker/rolling-update.mjs -f '${file}' ${SERVICES.join(" ")}` }],
      isPlanned: true,
    },
    ...SERVICES.map(kill),
    ...["redis", "timescaledb"].flatMap((service) => [kill(service), freeze(service)]),
  ];
}

/** `docker compose`, or the program it has replaced. */
function composeCommand(): string {
  return spawnSync("docker", ["compose", "version"]).status === 0 ? "docker compose" : "docker-compose";
}
