import { type Deployment, keepSpellings, type Micros, streamNames } from "@fx-ohlc/schemas";
import { type Logger, withDeadline } from "@fx-ohlc/service-kit";

/** What a database says of itself; see {@link streamNames} and the epochs of streams. */
export interface DatabaseIdentity {
  readonly streamNamespace: string;
  readonly incarnation: string;
  /** The moment it was put back to, as far as anybody knows: what was told since may not have happened. */
  readonly incarnationFromUs?: Micros | undefined;
  /** See {@link keepSpellings}. */
  readonly keptSpellings: readonly string[];
}

export interface DeploymentWatchOptions {
  /** Asks for the database's identity. */
  ask(): Promise<DatabaseIdentity>;
  readonly logger: Logger;
  /** It is known for the first time, or another one: what was told before does not hold any more. */
  onChange(identity: DatabaseIdentity): void;
  /** It was asked for, whatever came of it. */
  onAsked(): void;
}

/** How soon a change is known. The question costs ohlc-query a look at what it knows. */
const ASK_INTERVAL_MS = 1000;
const ASK_DEADLINE_MS = 2000;
/** Messages of another database may come by the thousand. */
const DOUBT_INTERVAL_MS = 100;

/**
 * Knows which database is streamed from: the one that ohlc-query reads. Asked for once a second, and at once when a message
 * tells of another one; what is known stays known while nobody answers.
 */
export class DeploymentWatch {
  #known: { readonly identity: DatabaseIdentity; readonly deployment: Deployment } | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isAsking = false;
  #askedMs = Number.NEGATIVE_INFINITY;
  #isStopped = false;
  #hasComplained = false;

  constructor(private readonly options: DeploymentWatchOptions) {}

  get deployment(): Deployment | undefined {
    return this.#known?.deployment;
  }

  start(): void {
    void this.#ask();
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  /** Whether a database has the incarnation that is known; if not, that may be old, and is asked for. */
  isPresent(incarnation: string): boolean {
    const isPresent = this.#known?.identity.incarnation === incarnation;
    if (!isPresent) this.doubt();
    return isPresent;
  }

  /** What is known may be old: asks now. */
  doubt(): void {
    if (performance.now() - this.#askedMs >= DOUBT_INTERVAL_MS) void this.#ask();
  }

  async #ask(): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    this.#askedMs = performance.now();
    clearTimeout(this.#timer);
    try {
      this.#learn(await withDeadline(this.options.ask(), ASK_DEADLINE_MS, "question for the database's identity"));
    } catch (error) {
      if (this.#known === undefined && !this.#hasComplained) {
        this.options.logger.warn("which database is streamed from is not known yet, asking again", { error });
        this.#hasComplained = true;
      }
    }
    this.#isAsking = false;
    if (this.#isStopped) return;
    this.#timer = setTimeout(() => void this.#ask(), ASK_INTERVAL_MS);
    this.options.onAsked();
  }

  #learn(identity: DatabaseIdentity): void {
    const { streamNamespace, incarnation, keptSpellings } = identity;
    keepSpellings(keptSpellings);
    const known = this.#known;
    const isSamePlace = known?.identity.streamNamespace === streamNamespace;
    if ((isSamePlace && known?.identity.incarnation === incarnation) || this.#isStopped) return;
    const names = isSamePlace && known !== undefined ? known.deployment.names : streamNames(streamNamespace);
    this.#known = { identity, deployment: { names, incarnation } };
    if (known !== undefined)
      this.options.logger.warn("the database is another one, or was put back: streams begin anew");
    this.options.onChange(identity);
  }
}
