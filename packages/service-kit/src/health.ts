import type { DependencyState, HealthReport } from "./api/health-document.js";
import { withDeadline } from "./deadline.js";

/** Something a service depends on. */
export interface Dependency {
  /** Its member in the health document. */
  readonly name: "database" | "redis";
  /** Whether the service can do nothing useful without it. */
  readonly requiredForReady: boolean;
  /** Resolves when it answers. */
  check(): Promise<unknown>;
}

/** A frozen dependency is reported after this: health must answer within 2 s. */
const CHECK_DEADLINE_MS = 1000;
/** Many probes within this time share one check. */
const CACHE_MS = 500;
/** A check that never settles is given up and made anew, so at most one of them piles up in this time. */
const ABANDON_MS = 10_000;

/**
 * One dependency's state. At most one check runs at a time; while it hangs past its deadline the answer is `disconnected`
 * without waiting again.
 */
class Probe {
  #running: { readonly outcome: Promise<unknown>; readonly startedMs: number } | undefined;
  #last: { readonly state: DependencyState; readonly atMs: number } | undefined;

  constructor(
    readonly dependency: Dependency,
    private readonly nowMs: () => number,
  ) {}

  async state(): Promise<DependencyState> {
    if (this.#last !== undefined && this.nowMs() - this.#last.atMs < CACHE_MS) return this.#last.state;
    const running = this.#start();
    const leftMs = Math.max(0, running.startedMs + CHECK_DEADLINE_MS - this.nowMs());
    const answer = withDeadline(running.outcome, leftMs, `check of ${this.dependency.name}`);
    const state = await answer.then(
      () => "connected" as const,
      () => "disconnected" as const,
    );
    this.#last = { state, atMs: this.nowMs() };
    return state;
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

/** What a health is made of. */
export interface HealthOptions {
  readonly version: string;
  readonly dependencies: readonly Dependency[];
  /** Whether what has to happen once after the start has happened; so from the beginning when absent. */
  readonly isPrepared?: () => boolean;
  /** A clock that never goes back; the machine's when absent. */
  readonly nowMs?: () => number;
}

/** Answers `/health` and `/ready`: healthy with every dependency, ready with those the service cannot do without. */
export class Health {
  readonly #probes: readonly Probe[];
  readonly #version: string;
  readonly #isPrepared: () => boolean;
  #draining = false;

  constructor({ version, dependencies, isPrepared = () => true, nowMs = () => performance.now() }: HealthOptions) {
    this.#version = version;
    this.#isPrepared = isPrepared;
    this.#probes = dependencies.map((dependency) => new Probe(dependency, nowMs));
  }

  /** From now on not ready: the first step of a shutdown. */
  drain(): void {
    this.#draining = true;
  }

  /** The state of each dependency, within {@link CHECK_DEADLINE_MS}. */
  async report(): Promise<HealthReport> {
    const states = await Promise.all(
      this.#probes.map(async (probe) => [probe.dependency.name, await probe.state()] as const),
    );
    const healthy = states.every(([, state]) => state === "connected");
    return {
      status: healthy ? "healthy" : "unhealthy",
      timestamp: new Date().toISOString(),
      ...Object.fromEntries(states),
      version: this.#version,
    };
  }

  /** Whether requests should be sent here. */
  async isReady(): Promise<boolean> {
    if (this.#draining || !this.#isPrepared()) return false;
    const required = this.#probes.filter((probe) => probe.dependency.requiredForReady);
    const states = await Promise.all(required.map((probe) => probe.state()));
    return !this.#draining && states.every((state) => state === "connected");
  }
}
