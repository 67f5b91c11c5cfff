import { eventually } from "@fx-ohlc/testkit";

/** Longer than any answer may take: a request that hangs is seen to, ms. */
const ANSWER_TIMEOUT_MS = 10_000;

/** A request to repeat, of a method and a path, with a JSON body where it has one. */
export interface Call<Body = unknown> {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly url: string;
  readonly body?: Body;
}

/** What became of one request. */
export interface Outcome<Body = unknown> {
  readonly call: Call<Body>;
  /** HTTP status; 0 when no answer came. */
  readonly status: number;
  readonly retryAfter: string | null;
  readonly tookMs: number;
}

/** Requests at a steady pace, each sent once whatever becomes of it, for as long as a test goes on. */
export class Traffic<Body = unknown> {
  readonly outcomes: Outcome<Body>[] = [];
  readonly #next: () => Call<Body>;
  readonly #intervalMs: number;
  readonly #timer: NodeJS.Timeout;
  readonly #underWay = new Set<Promise<void>>();

  constructor(intervalMs: number, next: () => Call<Body>) {
    this.#next = next;
    this.#intervalMs = intervalMs;
    this.#timer = setInterval(() => this.#send(), intervalMs);
  }

  /** How many answers of this status there were. */
  count(status: number): number {
    return this.outcomes.filter((outcome) => outcome.status === status).length;
  }

  /** Resolves when as many requests more are answered as are sent in `ms`. */
  async flowsFor(ms: number): Promise<void> {
    const wanted = this.outcomes.length + ms / this.#intervalMs;
    const answered = () => this.outcomes.length >= wanted;
    await eventually(answered, { timeoutMs: 2 * ms + ANSWER_TIMEOUT_MS, what: `${wanted} answers` });
  }

  /** Sends nothing more, and resolves when everything is answered. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#underWay);
  }

  #send(): void {
    const sending = this.#sendOne(this.#next()).finally(() => this.#underWay.delete(sending));
    this.#underWay.add(sending);
  }

  async #sendOne(call: Call<Body>): Promise<void> {
    const { method, url, body } = call;
    const startedMs = performance.now();
    const note = (status: number, retryAfter: string | null) =>
      this.outcomes.push({ call, status, retryAfter, tookMs: performance.now() - startedMs });
    try {
      const answer = await fetch(url, {
        method,
        signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
        ...(body === undefined ? {} : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
      });
      await answer.arrayBuffer();
      note(answer.status, answer.headers.get("retry-after"));
    } catch {
      note(0, null);
    }
  }
}
