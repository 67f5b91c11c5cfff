import { setTimeout as delay } from "node:timers/promises";
import type { AccountBook } from "./account-book.js";
import type { Link, OpenLink } from "./link.js";

/** What is done with what a connection tells. */
export interface Listening {
  readonly path: string;
  /** What is sent first; nothing to a plain endpoint. */
  request(): string | undefined;
  onOpen(atMs: number): void;
  onText(text: string, atMs: number): void;
}

/** How a client treats its connection while the run goes on. */
export interface Habit {
  /** How long it is left alone, ms. */
  restMs(random: number): number;
  /** Then it is left unread this long, ms; undefined: it is broken off. */
  pauseMs?(random: number): number;
}

export interface HarnessClientOptions {
  readonly book: AccountBook;
  readonly listening: Listening;
  readonly open: OpenLink;
  /** One that never does anything by itself when absent. */
  readonly habit?: Habit | undefined;
  readonly gateways: readonly string[];
  readonly random: () => number;
}

/** A client that was closed or refused tries again after up to this, ms. */
const RETRY_MS = 400;

/** A client that goes through one connection after the other, at any of the gateways, and keeps account of what it is told. */
export class HarnessClient {
  readonly #options: HarnessClientOptions;
  readonly #stop = new AbortController();
  readonly #closes = new Map<number, number>();
  #link: Link | undefined;
  #failure: Error | undefined;
  #connections = 0;

  constructor(options: HarnessClientOptions) {
    this.#options = options;
  }

  get book(): AccountBook {
    return this.#options.book;
  }

  /** What it could not make sense of. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  get connections(): number {
    return this.#connections;
  }

  /** How often its connections ended with each code. */
  get closes(): ReadonlyMap<number, number> {
    return this.#closes;
  }

  /** Connects again and again until it is closed; keeps its habit until `calm` is aborted, and reads everything from then on. */
  async run(calm: AbortSignal): Promise<void> {
    const stopped = this.#stop.signal;
    const habit = this.#keepHabit(AbortSignal.any([calm, stopped]));
    while (!stopped.aborted) {
      await this.#connect(stopped);
      await delay(this.#options.random() * RETRY_MS, undefined, { signal: stopped }).catch(() => undefined);
    }
    await habit;
  }

  close(): void {
    this.#stop.abort();
    this.#link?.cut();
  }

  /** Resolves when the connection has ended. */
  async #connect(stopped: AbortSignal): Promise<void> {
    const { gateways, listening, open, random } = this.#options;
    const gateway = gateways[Math.floor(random() * gateways.length)] ?? "";
    await new Promise<void>((resolve) => {
      const link = open(`${gateway}${listening.path}`, {
        onOpen: () => this.#opened(link),
        onText: (text) => this.#hear(text),
        onEnd: (code) => {
          this.#link = undefined;
          if (!stopped.aborted) this.#closes.set(code, (this.#closes.get(code) ?? 0) + 1);
          resolve();
        },
      });
    });
  }

  #opened(link: Link): void {
    const { listening } = this.#options;
    this.#link = link;
    this.#connections += 1;
    listening.onOpen(performance.now());
    const request = listening.request();
    if (request !== undefined) link.send(request);
  }

  #hear(text: string): void {
    try {
      this.#options.listening.onText(text, performance.now());
    } catch (error) {
      this.#failure ??= error instanceof Error ? error : new Error(String(error));
    }
  }

  async #keepHabit(signal: AbortSignal): Promise<void> {
    const { habit, random } = this.#options;
    while (habit !== undefined && !signal.aborted) {
      await delay(habit.restMs(random()), undefined, { signal }).catch(() => undefined);
      const link = this.#link;
      if (link === undefined || signal.aborted) continue;
      if (habit.pauseMs === undefined) {
        link.cut();
        continue;
      }
      link.pause();
      await delay(habit.pauseMs(random()), undefined, { signal }).catch(() => undefined);
      link.resume();
    }
  }
}
