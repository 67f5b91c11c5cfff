import type { DependencyState, HealthDetails, HealthReport } from "./api/health-document.js";
import { withDeadline } from "./deadline.js";
import { oneAtATime } from "./one-at-a-time.js";

/** Something a service depends on. */
export interface Dependency {
  /** Its member in the health document. */
  readonly name: "database" | "redis";
  /** Whether the service can do nothing useful without it. */
  readonly requiredForReady: boolean;
  /** Resolves when it answers. What a {@link HealthProblem} it is rejected with says is shown; any other error is not. */
  check(): Promise<unknown>;
}

/**
 * A dependency answers, but not as it has to: its message, a short sentence, is shown to everybody who asks for `/health`, so it
 * names what is wrong and no address, no password, no text of somebody else's.
 */
export class HealthProblem extends Error {
  override readonly name: string = "HealthProblem";
}

/** A frozen dependency is reported after this: health must answer within 2 s. */
const CHECK_DEADLINE_MS = 1000;
/** Many probes within this time share one check. */
const CACHE_MS = 500;
/** A check that never settles is given up and made anew, so at most one of them piles up in this time. */
const ABANDON_MS = 10_000;

/** What a check found. */
interface Finding {
  readonly state: DependencyState;
  readonly problem?: string;
}

/**
 * One dependency's state. At most one check runs at a time; while it hangs past its deadline the answer is `disconnected`
 * without waiting again.
 */
class Probe {
  #running: { readonly outcome: Promise<unknown>; readonly startedMs: number } | undefined;
  #last: { readonly finding: Finding; readonly atMs: number } | undefined;

  constructor(
    readonly dependency: Dependency,
    private readonly nowMs: () => number,
  ) {}

  async find(): Promise<Finding> {
    if (this.#last !== undefined && this.nowMs() - this.#last.atMs < CACHE_MS) return this.#last.finding;
    const running = this.#start();
    const leftMs = Math.max(0, running.startedMs + CHECK_DEADLINE_MS - this.nowMs());
    const answer = withDeadline(running.outcome, leftMs, `check of ${this.dependency.name}`);
    const finding = await answer.then((): Finding => ({ state: "connected" }), findingOf);
    this.#last = { finding, atMs: this.nowMs() };
    return finding;
  }

  #start() {
    if (this.#running !== undefined && this.nowMs() - this.#running.startedMs < ABANDON_MS) return this.#running;
    const running = { outcome: Promise.resolve().then(() => this.dependency.check()), startedMs: this.nowMs() };
    const settled = () => {
      if (this.#running === running) this.#running = undefined;
    };
    running.outcome.then(settled, settled);
    this.#running = running;
    return running;
  }
}

function findingOf(error: unknown): Finding {
  return error instanceof HealthProblem ? { state: "disconnected", problem: error.message } : { state: "disconnected" };
}

/** What a health is made of. */
export interface HealthOptions {
  readonly version: string;
  readonly dependencies: readonly Dependency[];
  /** Whether what has to happen once after the start has happened; so from the beginning when absent. */
  readonly isPrepared?: () => boolean;
  /** What is wrong with the service itself, a short sentence each: with any it is unhealthy, and still ready. */
  readonly problems?: () => readonly string[];
  /** Further members of the report. */
  readonly details?: () => HealthDetails;
  /** Members that are read anew for every report, so that they are never older than its question; left out when they cannot be. */
  readonly freshDetails?: () => Promise<HealthDetails>;
  /** A clock that never goes back; the machine's when absent. */
  readonly nowMs?: () => number;
}

/** What is wrong, a short sentence each, and with whom. */
export interface HealthState {
  readonly dependencies: Readonly<Partial<Record<Dependency["name"], DependencyState>>>;
  readonly problems: readonly string[];
}

/** Answers `/health` and `/ready`: healthy with every dependency, ready with those the service cannot do without. */
export class Health {
  readonly #probes: readonly Probe[];
  readonly #freshDetails: () => Promise<HealthDetails>;
  #draining = false;

  constructor(private readonly options: HealthOptions) {
    const { nowMs = () => performance.now() } = options;
    this.#freshDetails = oneAtATime(options.freshDetails ?? (async () => ({})));
    this.#probes = options.dependencies.map((dependency) => new Probe(dependency, nowMs));
  }

  /** From now on not ready: the first step of a shutdown. */
  drain(): void {
    this.#draining = true;
  }

  /** The state of each dependency and what is wrong, within {@link CHECK_DEADLINE_MS}. */
  async state(): Promise<HealthState> {
    const findings = await Promise.all(
      this.#probes.map(async (probe) => ({ name: probe.dependency.name, ...(await probe.find()) })),
    );
    const found = findings.flatMap(({ problem }) => problem ?? []);
    const problems = [...new Set([...found, ...(this.options.problems?.() ?? [])])];
    return { dependencies: Object.fromEntries(findings.map(({ name, state }) => [name, state])), problems };
  }

  /** {@link state} with everything else that `/health` tells. */
  async report(): Promise<HealthReport> {
    const reading = withDeadline(this.#freshDetails(), CHECK_DEADLINE_MS, "details of health");
    const fresh = reading.catch((): HealthDetails => ({}));
    const { dependencies, problems } = await this.state();
    const healthy = problems.length === 0 && Object.values(dependencies).every((state) => state === "connected");
    return {
      status: healthy ? "healthy" : "unhealthy",
      timestamp: new Date().toISOString(),
      ...dependencies,
      ...this.options.details?.(),
      ...(await fresh),
      ...(problems.length === 0 ? {} : { problems }),
      version: this.options.version,
    };
  }

  /** Whether requests should be sent here. */
  async isReady(): Promise<boolean> {
    if (this.#draining || this.options.isPrepared?.() === false) return false;
    const required = this.#probes.filter((probe) => probe.dependency.requiredForReady);
    const findings = await Promise.all(required.map((probe) => probe.find()));
    return !this.#draining && findings.every(({ state }) => state === "connected");
  }
}
