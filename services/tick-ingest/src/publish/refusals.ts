import type { Logger } from "@fx-ohlc/service-kit";

/** What a Redis that answers can have against what is published, by the word its answer has. */
const REASONS: Readonly<Record<string, string>> = {
  OOM: "it is full (maxmemory)",
  MISCONF: "it cannot write to its disk",
  READONLY: "it is a replica",
  NOREPLICAS: "it has too few replicas",
  NOPERM: "its user may not do so",
  LOADING: "it is loading its data",
  CLUSTERDOWN: "its cluster is down",
};
const WORD = new RegExp(`\\b(${Object.keys(REASONS).join("|")})\\b`);

/** Why a Redis that answers refuses to be written to, a sentence for people; undefined for any other error. */
export function refusalWords(error: unknown): string | undefined {
  const reason = REASONS[refusalOf(error) ?? ""];
  return reason === undefined ? undefined : `Redis refuses what is published: ${reason}`;
}

/** Why Redis refused a call; undefined when it did not answer, or with something else. */
export function refusalOf(error: unknown): string | undefined {
  return error instanceof Error ? WORD.exec(error.message)?.[1] : undefined;
}

/** Whether a call is known not to have been executed: these Redis says before it writes anything. */
export function isRefused(error: unknown): boolean {
  const word = refusalOf(error);
  return word !== undefined && word !== "NOPERM";
}

/**
 * The symbols whose messages cannot be published just now, though Redis answers. A trouble is logged when it begins, and with
 * how many calls failed when it is over: every symbol tries again about once a second.
 */
export class Refusals {
  private readonly words = new Map<string, string>();
  private failedCalls = 0;
  private sinceMs = 0;

  constructor(private readonly logger: Logger) {}

  /** A sentence for people; none when nothing is refused. */
  get problems(): readonly string[] {
    const word = this.words.values().next().value;
    const reason = REASONS[word ?? ""];
    return reason === undefined ? [] : [`Redis refuses what is published: ${reason}`];
  }

  failed(symbol: string, error: unknown): void {
    const word = refusalOf(error) ?? "";
    this.failedCalls += 1;
    const isKnown = [...this.words.values()].includes(word);
    if (this.words.size === 0) this.sinceMs = performance.now();
    this.words.set(symbol, word);
    if (!isKnown) this.logger.warn("publishing fails, trying again", { symbol, error });
  }

  /** Nothing of it waits any more, and nobody knows whether it would be refused. */
  forget(symbol: string): void {
    this.words.delete(symbol);
  }

  published(symbol: string): void {
    if (!this.words.delete(symbol) || this.words.size > 0) return;
    const seconds = Math.round((performance.now() - this.sinceMs) / 1000);
    this.logger.info("publishing works again", { failed_calls: this.failedCalls, after_s: seconds });
    this.failedCalls = 0;
  }
}
