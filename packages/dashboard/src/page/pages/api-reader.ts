import { ForbiddenError, type ProblemDocument, ProblemError, UnauthorizedError } from "@fx-ohlc/client";

/** An answer takes no longer, or is asked for anew. */
const TIMEOUT_MS = 15_000;

/** Reads what the client has no method for, with this tab's key. */
export class ApiReader {
  /**
   * @param api where it is
   * @param fetch hears when a key is wanted
   */
  constructor(
    private readonly api: string,
    private readonly key: string | undefined,
    private readonly fetch: typeof globalThis.fetch,
  ) {}

  /** @throws ProblemError, or one of its kinds, for a refusal */
  async json<T>(path: string, query: Readonly<Record<string, string>> = {}): Promise<T> {
    const response = await this.#get(`${path}?${new URLSearchParams(query)}`);
    // The contract's own answer: the caller names the type of the address it asks for.
    return (await response.json()) as T;
  }

  async text(path: string): Promise<string> {
    return (await this.#get(path)).text();
  }

  /** Whether an address answers that all is well; a 503 that it is not. */
  async isFine(path: string): Promise<boolean> {
    const response = await this.#ask(path);
    if (response.ok || response.status === 503) return response.ok;
    throw await problemOf(response);
  }

  async #get(address: string): Promise<Response> {
    const response = await this.#ask(address);
    if (response.ok) return response;
    throw await problemOf(response);
  }

  #ask(address: string): Promise<Response> {
    const headers = this.key === undefined ? {} : { authorization: `Bearer ${this.key}` };
    return this.fetch(this.api + address, { headers, signal: AbortSignal.timeout(TIMEOUT_MS) });
  }
}

async function problemOf(response: Response): Promise<ProblemError> {
  const { status, statusText } = response;
  const plain: ProblemDocument = { type: "about:blank", title: statusText || `HTTP ${status}`, status };
  // A proxy's page is no problem document.
  const problem = (await response.json().catch(() => plain)) as ProblemDocument;
  if (status === 401) return new UnauthorizedError(problem);
  return status === 403 ? new ForbiddenError(problem) : new ProblemError(problem);
}
