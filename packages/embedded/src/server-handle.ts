/** A server that this process runs: PostgreSQL or Redis. Its port and data stay the same over stops and starts. */
export interface ServerHandle {
  readonly url: string;
  readonly port: number;
  /** The process id of the server, or `undefined` while it does not run. */
  readonly pid: number | undefined;
  /** Where its data really is. */
  readonly dataFolder: string;
  /** Starts it again after `stop` or `kill9`, on the same data, and waits until it answers. */
  start(): Promise<void>;
  /** Ends it in order, by a deadline. */
  stop(): Promise<void>;
  /** Kills it and all its children with SIGKILL. */
  kill9(): Promise<void>;
  /** Stops all its processes where they stand (SIGSTOP): connections stay open and nothing answers. */
  freeze(): void;
  /** Ends a freeze. */
  thaw(): void;
  /** Calls back, with the reason, when it ends without having been asked to. */
  onDeath(listener: (reason: string) => void): void;
}
