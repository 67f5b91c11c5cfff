import type { ReadyProcess } from "./ready-process.js";

/** A server that this process runs: PostgreSQL or Redis. Its port and data stay the same over stops and starts. */
export interface ServerHandle extends ReadyProcess {
  readonly url: string;
  readonly port: number;
  /** Where its data really is. */
  readonly dataFolder: string;
}
