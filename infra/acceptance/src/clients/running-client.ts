import { type ChildProcess, spawn } from "node:child_process";
import { connect, createServer, type Server, type Socket } from "node:net";
import { kill } from "node:process";
import type { ClientProgram } from "./toolchains.js";

/** A program in another language, and what it has printed by now. */
export class RunningClient {
  readonly ended: Promise<number | null>;
  #printed = "";

  private constructor(private readonly child: ChildProcess) {
    for (const stream of [child.stdout, child.stderr]) stream?.on("data", (data) => (this.#printed += String(data)));
    this.ended = new Promise((resolve) => void child.once("close", resolve));
  }

  /** @param env what it is told besides; @param cwd where it may keep files */
  static start({ command, args }: ClientProgram, env: Record<string, string>, cwd: string): RunningClient {
    const options = { cwd, env: { ...process.env, PYTHONDONTWRITEBYTECODE: "1", ...env }, detached: true };
    return new RunningClient(spawn(command, args, options));
  }

  get printed(): string {
    return this.#printed;
  }

  /** Ends it and what it has started. */
  async kill(): Promise<void> {
    if (this.child.pid !== undefined && this.child.exitCode === null) kill(-this.child.pid, "SIGKILL");
    await this.ended;
  }
}

/** Stands in front of the system for one client, and counts how often that was told to come back later. */
export class Doorway {
  #refused = 0;
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;

  private constructor(port: number) {
    this.#server = createServer((socket) => {
      const upstream = connect(port, "127.0.0.1");
      upstream.on("data", (data) => {
        if (data.toString("latin1").startsWith("HTTP/1.1 503 ")) this.#refused += 1;
      });
      for (const side of [socket, upstream]) {
        this.#sockets.add(side);
        side.on("error", () => undefined);
        side.once("close", () => {
          socket.destroy();
          upstream.destroy();
          this.#sockets.delete(side);
        });
      }
      socket.pipe(upstream).pipe(socket);
    });
  }

  static async open(port: number): Promise<Doorway> {
    const doorway = new Doorway(port);
    await new Promise<void>((resolve) => void doorway.#server.listen(0, "127.0.0.1", resolve));
    return doorway;
  }

  get refused(): number {
    return this.#refused;
  }

  get url(): string {
    const address = this.#server.address();
    return `http://localhost:${typeof address === "object" ? address?.port : undefined}`;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}
