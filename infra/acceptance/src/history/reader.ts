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

/** Reads from one replica, and keeps what a browser would: the last answer to each question with its tag. */
export class Reader {
  readonly #kept = new Map<string, Tagged>();
  #unchanged = 0;

  constructor(
    private readonly url: string,
    private readonly journal: Journal,
  ) {}

  /** How many answers were that what is at hand still stands. */
  get unchanged(): number {
    return this.#unchanged;
  }

  /** @throws Error for an answer that is none of bars */
  async ask(asking: Asking): Promise<GivenAnswer> {
    const { path, format } = asking;
    const kept = asking.isConditional ? this.#kept.get(path) : undefined;
    const from = await this.journal.look();
    const sentMs = Date.now();
    const answer = await fetch(`${this.url}${path}`, { headers: headersOf(asking, kept) });
    const text = await answer.text();
    const arrivedMs = Date.now();
    const to = await this.journal.look();
    const body = this.#bodyOf(path, answer, text, kept);
    const link = answer.headers.get("link") ?? undefined;
    return { path, format, body, link, from, to, sentMs, arrivedMs };
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
