import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { execPath } from "node:process";
import { fileURLToPath } from "node:url";
import { StatementProxy } from "./statement-proxy.js";

const PROGRAM = fileURLToPath(new URL("archiver.mjs", import.meta.url));

/** What becomes of a step: `fail` and `tear` are for those with the store, `cut` for those with the database. */
export type Verdict = "go" | "fail" | "tear" | "cut";
/** Decides on each step, such as `before store put _current` or `after sql commit`, for as long as it likes. */
export type Decide = (archiver: ArchiverProcess, step: string) => Promise<Verdict>;

export interface ArchiverOptions {
  readonly databaseUrl: string;
  readonly archiveUrl: string;
  /** On top of this process's own. */
  readonly env: Readonly<Record<string, string>>;
  readonly decide: Decide;
  readonly onSaid: (said: string) => void;
}

/** Of {@link PROGRAM}. */
type Message = { readonly id: number; readonly step: string } | { readonly said: string };

/** An archiver of its own, that is asked for at each step it takes. */
export class ArchiverProcess {
  private readonly child: ChildProcess;
  private readonly begun: Promise<void>;
  /** Lets it work: until then it loads, and waits. */
  begin: () => void = () => {};
  isOver = false;
  /** Whether it has been at work; before that it only opens sessions. */
  hasLed = false;

  private constructor(
    { archiveUrl, env, decide, onSaid }: ArchiverOptions,
    private readonly proxy: StatementProxy,
  ) {
    this.begun = new Promise((resolve) => {
      this.begin = resolve;
    });
    this.child = spawn(execPath, [PROGRAM, proxy.url, archiveUrl], {
      env: { ...process.env, ...env },
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    this.child.on("message", async (message: Message) => {
      if ("said" in message) return onSaid(message.said);
      const isLoaded = message.step === "loaded";
      const verdict = isLoaded ? await this.begun.then(() => "go") : await decide(this, message.step);
      if (this.child.connected) this.child.send({ id: message.id, verdict }, () => {});
    });
    this.child.on("error", () => {});
    this.child.once("exit", () => {
      this.isOver = true;
      proxy.close();
    });
  }

  static async start(options: ArchiverOptions): Promise<ArchiverProcess> {
    const way: { archiver?: ArchiverProcess } = {};
    const proxy = await StatementProxy.open(options.databaseUrl, async (step) => {
      const { archiver } = way;
      return archiver === undefined || (await options.decide(archiver, step)) !== "cut";
    });
    way.archiver = new ArchiverProcess(options, proxy);
    return way.archiver;
  }

  freeze(): void {
    this.child.kill("SIGSTOP");
  }

  thaw(): void {
    this.child.kill("SIGCONT");
  }

  /** Resets its connections to the database. */
  cut(): void {
    this.proxy.cut();
  }

  async kill9(): Promise<void> {
    if (this.isOver) return;
    const exit = once(this.child, "exit");
    this.child.kill("SIGKILL");
    await exit;
  }
}
