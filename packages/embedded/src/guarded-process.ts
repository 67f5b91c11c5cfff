import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import type { Account } from "./account.js";
import { type GuardianSignal, guard } from "./guardian.js";
import { freezeTree, killTree, thawTree } from "./process-tree.js";
import { forgetServer, recordServer } from "./server-record.js";

/** Lines of output kept for the error that reports an unexpected end. */
const TAIL_LINES_MAX = 20;

export interface ProcessSpec {
  /** What messages call it. */
  name: string;
  command: string;
  args: readonly string[];
  env?: NodeJS.ProcessEnv | undefined;
  cwd?: string | undefined;
  /** Another account to run under; only root can. */
  account?: Account | undefined;
  /** Written to its standard input, which is then closed. */
  input?: string | undefined;
  /** What asks it to end in order. */
  stopSignal: NodeJS.Signals;
  /** How long it may take to, ms; then it is killed. */
  stopTimeoutMs: number;
  /** What asks it to end when this process dies. */
  orphanSignal: GuardianSignal;
  /** Where it is recorded which process this is, for the run after a kill of everything. */
  recordFolder?: string | undefined;
  /** Removed when this process dies without having stopped it. */
  orphanFolder?: string | undefined;
  onLine?: ((line: string) => void) | undefined;
}

/**
 * A child process that cannot outlive this one. It is running from `start` until it ends by itself, by `stop` or by
 * `kill9`; while it runs it may be frozen and thawed. After its end it may be started again.
 */
export class GuardedProcess {
  readonly #spec: ProcessSpec;
  #child: ChildProcess | undefined;
  #exit: Promise<string> = Promise.resolve("it was never started");
  #tail: string[] = [];
  #ending = false;

  constructor(spec: ProcessSpec) {
    this.#spec = spec;
  }

  get name(): string {
    return this.#spec.name;
  }

  /** The process id, or `undefined` while it does not run. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Resolves with what happened ("exit code 1", "SIGKILL") when the process that runs now has ended. */
  get exit(): Promise<string> {
    return this.#exit;
  }

  /** Whether the end, if it comes now, was asked for by `stop` or `kill9`. */
  get ending(): boolean {
    return this.#ending;
  }

  /** The last lines it wrote. */
  get output(): string {
    return this.#tail.join("\n");
  }

  /** Starts it; what it needs to become useful is for the caller to wait for.
   *  @throws Error when the command cannot be run at all. */
  async start(): Promise<void> {
    if (this.#child) throw new Error(`${this.name} is running already`);
    const { command, args, env, cwd, account, input, recordFolder, orphanSignal, orphanFolder } = this.#spec;
    const child = spawn(command, args, {
      env,
      cwd,
      // In a session of its own: Ctrl-C in a terminal is for the process that then stops its children in order.
      detached: true,
      stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
      ...(account && { uid: account.uid, gid: account.gid }),
    });
    await once(child, "spawn");
    this.#child = child;
    this.#tail = [];
    this.#ending = false;
    this.#keepOutput(child.stdout);
    this.#keepOutput(child.stderr);
    child.stdin?.on("error", () => undefined).end(input);
    if (recordFolder && child.pid) recordServer(recordFolder, child.pid);
    this.#exit = this.#watch(child, guard(child.pid ?? 0, orphanSignal, orphanFolder));
  }

  /** Ends it in order; a process that does not within the time allowed is killed. */
  async stop(): Promise<void> {
    const child = this.#child;
    if (!child?.pid) return;
    this.#ending = true;
    thawTree(child.pid);
    child.kill(this.#spec.stopSignal);
    const expired = new AbortController();
    const timeout = delay(this.#spec.stopTimeoutMs, "timeout", { signal: expired.signal }).catch(() => "exited");
    const outcome = await Promise.race([this.#exit.then(() => "exited"), timeout]);
    expired.abort();
    if (outcome === "timeout") await this.kill9();
  }

  /** Kills it and its children as a power cut would. */
  async kill9(): Promise<void> {
    const pid = this.#child?.pid;
    if (!pid) return;
    this.#ending = true;
    killTree(pid);
    await this.#exit;
  }

  /** Stops it and its children where they stand: connections stay open, nothing answers. */
  freeze(): void {
    if (this.pid) freezeTree(this.pid);
  }

  thaw(): void {
    if (this.pid) thawTree(this.pid);
  }

  #watch(child: ChildProcess, release: () => void): Promise<string> {
    return new Promise((resolve) => {
      child.once("exit", (code, signal) => {
        release();
        if (this.#spec.recordFolder) forgetServer(this.#spec.recordFolder);
        this.#child = undefined;
        resolve(signal ?? `exit code ${code}`);
      });
    });
  }

  #keepOutput(stream: Readable | null): void {
    if (!stream) return;
    createInterface({ input: stream }).on("line", (line) => {
      this.#tail.push(line);
      if (this.#tail.length > TAIL_LINES_MAX) this.#tail.shift();
      this.#spec.onLine?.(line);
    });
  }
}
