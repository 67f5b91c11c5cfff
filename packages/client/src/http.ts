import { ProblemError, problemOf, UnauthorizedError, UnreachableError } from "./errors.js";
import { Patience } from "./patience.js";
import { DEFAULT_RETRY, type RetryPolicy, retryDelayMs, sleep } from "./retry.js";
import { Token, type TokenSource } from "./token.js";

/** A failed attempt that is about to be repeated. */
export interface RetryEvent {
  readonly attempt: number;
  readonly waitMs: number;
  readonly error: Error;
}

export interface HttpOptions {
  /** Where the API is: `http://localhost:8000`, or a path of the page's own origin. */
  readonly url: string;
  /**
   * An API key or a JWT, or a function that gives one. A function is asked again when the server has refused its answer (401);
   * when it fails, so does the call, or the stream, with its error.
   */
  readonly token?: TokenSource | undefined;
  /** Stands in for the global fetch. */
  readonly fetch?: typeof fetch | undefined;
  readonly retry?: Partial<RetryPolicy> | undefined;
  /**
   * How long one attempt may take, its answer's body included; 30,000 by default. A streamed upload has no such limit; of an answer
   * that streams it is how long each piece may take to come.
   */
  readonly timeoutMs?: number | undefined;
  /** Told before every wait. */
  readonly onRetry?: ((event: RetryEvent) => void) | undefined;
  /** Told when a request succeeds that had to be repeated. */
  readonly onRecovery?: (() => void) | undefined;
  /** 0 to 1, for the jitter. */
  readonly random?: (() => number) | undefined;
}

/** What a caller may set on every call. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

export interface Call extends CallOptions {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Relative to the API's address, or the absolute address of a next page. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: string | ReadableStream<Uint8Array>;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** It is not repeated: that would do it twice, or be of no use. */
  readonly isOnce?: boolean;
  /** Statuses of 400 or more whose body is an answer all the same. */
  readonly expect?: readonly number[];
}

export interface Answer {
  /** The address that answered, which the links of the answer are relative to. */
  readonly url: string;
  readonly headers: Headers;
  /** The parsed JSON; undefined when there is none (204). */
  readonly body: unknown;
}

const TIMEOUT_DEFAULT_MS = 30_000;

/** Sends requests, repeats what failed for a passing reason, and turns refusals into errors. */
export class Http {
  /** Who calls. */
  readonly token: Token;
  readonly #base: string;
  /** The only one that the token is sent to; undefined where there is no page that a relative address could belong to. */
  readonly #origin: string | undefined;
  readonly #policy: RetryPolicy;

  constructor(private readonly options: HttpOptions) {
    this.token = new Token(options.token);
    this.#base = options.url.replace(/\/+$/, "");
    this.#origin = originOf(this.#base);
    this.#policy = { ...DEFAULT_RETRY, ...options.retry };
  }

  /**
   * @throws ProblemError when a service refuses the request, or keeps refusing it for a passing reason
   * @throws UnreachableError when no attempt got an answer
   */
  async send(call: Call): Promise<Answer> {
    return this.#repeated(call, (url, token) => this.#attempt(url, call, token));
  }

  /**
   * The bytes of an answer of any length, from the network only as fast as they are taken.
   *
   * @throws what {@link send} throws, and UnreachableError when the answer is cut off
   */
  async *bytes(call: Call): AsyncGenerator<Uint8Array, void, undefined> {
    const patience = new Patience(this.options.timeoutMs ?? TIMEOUT_DEFAULT_MS, call.signal);
    const { url, body } = await this.#repeated(call, (address, token) => this.#opened(address, call, token, patience));
    const pieces = body?.getReader();
    if (pieces === undefined) return;
    try {
      for (;;) {
        const { done, value } = await patience.with(() => pieces.read());
        if (done) return;
        yield value;
      }
    } catch (error) {
      throw this.#unanswered(url, error, call);
    } finally {
      // Whoever leaves the loop wants no more of it.
      await pieces.cancel().catch(() => undefined);
    }
  }

  /**
   * The lines of an answer of any length.
   *
   * @throws what {@link bytes} throws
   */
  async *lines(call: Call): AsyncGenerator<string, void, undefined> {
    const decoder = new TextDecoder();
    let rest = "";
    for await (const piece of this.bytes(call)) {
      const lines = (rest + decoder.decode(piece, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) if (line !== "") yield line;
    }
    rest += decoder.decode();
    if (rest !== "") yield rest;
  }

  async #repeated<T>(call: Call, make: (url: string, token: string | undefined) => Promise<T>): Promise<T> {
    const url = this.#address(call);
    let isRenewed = false;
    for (let attempt = 1; ; attempt += 1) {
      const token = await this.#tokenFor(url);
      try {
        const answer = await make(url, token);
        if (attempt > 1) this.options.onRecovery?.();
        return answer;
      } catch (error) {
        // A new token is worth one attempt: whoever refuses that one too means it.
        if (!isRenewed && error instanceof UnauthorizedError && (await this.token.renew(token)) && isRepeatable(call))
          isRenewed = true;
        else await this.#waitOrThrow(error, attempt, call);
      }
    }
  }

  async #waitOrThrow(error: unknown, attempt: number, call: Call): Promise<void> {
    const waitMs =
      isRepeatable(call) && !call.isOnce
        ? retryDelayMs(error, attempt, this.#policy, this.options.random ?? Math.random)
        : undefined;
    if (waitMs === undefined || !(error instanceof Error)) throw error;
    this.options.onRetry?.({ attempt, waitMs, error });
    await sleep(waitMs, call.signal);
  }

  /** A next page may be anywhere, as far as a `Link` says: the token goes to nobody but who it is for. */
  async #tokenFor(url: string): Promise<string | undefined> {
    const token = await this.token.current();
    if (token === undefined || originOf(url) === this.#origin) return token;
    throw new Error(
      `the next page is said to be at ${originOf(url)}, which does not get the token of ${this.#base}: PUBLIC_URL of its services is another address than this`,
    );
  }

  /** The answer to one request, whose body is still to come. */
  async #opened(url: string, call: Call, token: string | undefined, patience: Patience): Promise<Response> {
    try {
      const request = { ...this.#request(call, token), signal: patience.signal };
      const response = await patience.with(() => (this.options.fetch ?? fetch)(url, request));
      if (response.ok) return response;
      throw problemOf(response, await patience.with(() => response.text()));
    } catch (error) {
      throw error instanceof ProblemError ? error : this.#unanswered(url, error, call);
    }
  }

  async #attempt(url: string, call: Call, token: string | undefined): Promise<Answer> {
    const { response, text } = await this.#exchange(url, this.#request(call, token), call);
    if (response.ok || call.expect?.includes(response.status)) {
      return {
        url: response.url || url,
        headers: response.headers,
        body: response.status === 204 ? undefined : parseJson(url, text),
      };
    }
    throw problemOf(response, text);
  }

  /** One request and its whole answer; whatever fetch throws means that there is none. */
  async #exchange(url: string, request: RequestInit, call: Call) {
    try {
      const response = await (this.options.fetch ?? fetch)(url, request);
      return { response, text: await response.text() };
    } catch (error) {
      throw this.#unanswered(url, error, call);
    }
  }

  #unanswered(url: string, error: unknown, { signal }: Call): unknown {
    return signal?.aborted ? signal.reason : new UnreachableError(url, error);
  }

  #request(call: Call, token: string | undefined): RequestInit {
    const streamed = typeof call.body === "object";
    const limits = streamed ? [] : [AbortSignal.timeout(this.options.timeoutMs ?? TIMEOUT_DEFAULT_MS)];
    const signals = call.signal === undefined ? limits : [call.signal, ...limits];
    return {
      method: call.method,
      headers: {
        ...call.headers,
        ...(call.contentType !== undefined && { "content-type": call.contentType }),
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      },
      signal: AbortSignal.any(signals),
      ...(call.body === undefined ? {} : { body: call.body }),
      // fetch wants it said that a streamed body is sent before the answer is read.
      ...(streamed ? { duplex: "half" as const } : {}),
    };
  }

  #address(call: Call): string {
    const base = /^https?:/.test(call.path) ? call.path : `${this.#base}${call.path}`;
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(call.query ?? {})) {
      if (value !== undefined) query.set(name, String(value));
    }
    return query.size === 0 ? base : `${base}?${query}`;
  }
}

/** A streamed body has been read when its request fails: only who made it can make it again. */
function isRepeatable({ body }: Call): boolean {
  return body === undefined || typeof body === "string";
}

/** The origin of an address; that of the page for a relative one. */
function originOf(url: string): string | undefined {
  // Only browsers have one, and the types are those of Node too.
  const { location } = globalThis as { location?: { readonly href: string } };
  return URL.canParse(url, location?.href) ? new URL(url, location?.href).origin : undefined;
}

function parseJson(url: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`${url} did not answer with JSON: is an fx-ohlc service there?`);
  }
}
