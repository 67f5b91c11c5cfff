import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, type ServerHandle, startRedis } from "@fx-ohlc/embedded";

/** Between looking for a free port and listening on it another process may take it. */
const PORT_TRIES_MAX = 3;

/** A Redis server that belongs to one test file. */
export interface TestRedis extends ServerHandle {
  /** Ends it and removes its data. */
  drop(): Promise<void>;
}

export interface TestRedisOptions {
  /** Whether its data survives a stop and start. Default: no, as with a cache that was lost. */
  persistent?: boolean;
  /** Redis's own settings, by its names. */
  settings?: Record<string, string>;
}

/** Starts a Redis server on a port of its own. Drop it in `afterAll`. */
export async function testRedis(options: TestRedisOptions = {}): Promise<TestRedis> {
  const dataDir = mkdtempSync(join(tmpdir(), "fx-test-redis-"));
  for (let triesLeft = PORT_TRIES_MAX; ; triesLeft -= 1) {
    try {
      return droppable(await startRedis({ ...options, dataDir, port: await freePort(), temporary: true }));
    } catch (error) {
      if (triesLeft === 1) throw error;
    }
  }
}

function droppable(server: ServerHandle): TestRedis {
  const drop = async (): Promise<void> => {
    await server.stop();
    rmSync(server.dataFolder, { recursive: true, force: true });
  };
  return Object.assign(server, { drop });
}
