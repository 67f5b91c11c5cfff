import type { ServiceName } from "@fx-ohlc/contract";
import { type Door, type Environment, readDoor, readEnv } from "@fx-ohlc/service-kit";

export interface EdgeConfig {
  readonly port: number;
  readonly door: Door;
  /** Where the services are. */
  readonly urls: Readonly<Record<ServiceName, string>>;
  readonly version: string;
}

/** @throws ConfigError naming every variable that is wrong */
export function readEdgeConfig(env: Environment): EdgeConfig {
  return readEnv(env, (read) => ({
    port: read.port("PORT", { default: 8000 }),
    door: readDoor(read),
    urls: {
      "tick-ingest": read.url("TICK_INGEST_URL", "http", { default: "http://127.0.0.1:8001" }),
      "ohlc-query": read.url("OHLC_QUERY_URL", "http", { default: "http://127.0.0.1:8002" }),
      "stream-gateway": read.url("STREAM_GATEWAY_URL", "http", { default: "http://127.0.0.1:8003" }),
    },
    version: read.string("npm_package_version", { default: "0.2.0" }),
  }));
}
