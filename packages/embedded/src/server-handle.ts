import type { ReadyProcess } from "./ready-process.js";

/** How a server is started. */
export interface ServerOptions {
  /** Where the data is kept; one running server per folder. */
  dataDir: string;
  port: number;
  /** The server's own settings, by its names: `{ maxmemory: "64mb" }`. */
  settings?: Record<string, string>;
  /** The server's log, line by line. */
  onLog?: (line: string) => void;
  /** Removes the data when this process dies without having stopped the server: for tests. */
  temporary?: boolean;
}

/** A server that this process runs: PostgreSQL or Redis. Its port and data stay the same over stops and starts. */
export interface ServerHandle extends ReadyProcess {
  readonly url: string;
  readonly port: number;
  /** Where its data really is. */
  readonly dataFolder: string;
}
