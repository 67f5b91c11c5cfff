import type { Journal } from "./journal.js";
import type { GivenAnswer } from "./judge.js";
import type { AnswerFormat } from "./row-text.js";

/** How a question is put. */
export interface Asking {
  readonly path: string;
  readonly format: AnswerFormat;
  readonly isCompressed: boolean;
  /** Whether the tag of the last answer is shown, where there was one. */
  readonly isConditional: boolean;
}

interface Tagged {
  readonly etag: string;
  readonly body: string;
}

/** What a standby does not answer. */
const FROM_PRIMARY = "/ohlc/latest";

/** Reads from one replica, and keeps what a browser would: the last answer to each question with its tag. */
export class Reader {
  readonly #kept = new Map<string, Tagged>();
  #unchanged = 0;
  /** The number of a state that some answer was of, or was after. */
  #seen = 0;

  /** @param isBehind whether the replica reads from a standby: its answers may be of earlier states, but never go back */
  constructor(
    private readonly url: string,
    private readonly journal: Journal,
    private readonly isBehind: boolean,
  ) {}

  /** How many answers were that what is at hand still stands. */
  get unchanged(): number {
    return this.#unchanged;
  }

  /** @throws Error for an answer that is none of bars */
  async ask(asking: Asking): Promise<GivenAnswer> {
    const { path, format } = asking;
    const kept = asking.isConditional ? this.#kept.get(path) : undefined;
    const now = await this.journal.look();
    const from = this.#readsBehind(path) ? Math.min(now, this.#seen) : now;
    const sentMs = Date.now();
    const answer = await fetch(`${this.url}${path}`, { headers: headersOf(asking, kept) });
    const text = await answer.text();
    const arrivedMs = Date.now();
    const to = await (this.#readsBehind(path) ? this.journal.lookBehind() : this.journal.look());
    const body = this.#bodyOf(path, answer, text, kept);
    const link = answer.headers.get("link") ?? undefined;
    return { path, format, body, link, from, to, sentMs, arrivedMs };
  }

  /** From now on no answer may be of an earlier state than this one. */
  note({ path }: GivenAnswer, number: number): void {
    if (this.#readsBehind(path)) this.#seen = Math.max(this.#seen, number);
  }

  #readsBehind(path: string): boolean {
    return this.isBehind && !path.startsWith(FROM_PRIMARY);
  }

  #bodyOf(path: string, { status, headers }: Response, text: string, kept: Tagged | undefined): string {
    if (status === 304 && kept !== undefined) {
      this.#unchanged += 1;
      return kept.body;
    }
    if (status !== 200) throw new Error(`${path}: ${status} ${text}`);
    const etag = headers.get("etag");
    if (etag !== null) this.#kept.set(path, { etag, body: text });
    return text;
  }
}

function headersOf({ isCompressed }: Asking, kept: Tagged | undefined): Record<string, string> {
  return {
    "accept-encoding": isCompressed ? "gzip" : "identity",
    ...(kept === undefined ? {} : { "if-none-match": kept.etag }),
  };
}
