import type { AnswerBook } from "./answer-book.js";
import type { ApiDocument, PlacedOperation } from "./api-document.js";
import { type ApiAnswer, type ApiRequest, Wire } from "./exchange.js";
import type { Recorder } from "./recorder.js";
import type { Step } from "./scenario.js";

/** Puts a step onto the wire. */
export function requestOf(operation: PlacedOperation, step: Omit<Step, "operation" | "status">): ApiRequest {
  const { path = {}, query = {}, headers = {}, mediaType, body, stalls } = step;
  const place = operation.path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(path[name] ?? ""));
  const parameters = String(new URLSearchParams(query));
  return {
    method: operation.method,
    target: parameters === "" ? place : `${place}?${parameters}`,
    headers: mediaType === undefined ? headers : { ...headers, "content-type": mediaType },
    ...(body === undefined
      ? {}
      : { body: typeof body === "string" || Buffer.isBuffer(body) ? body : JSON.stringify(body) }),
    ...(stalls === undefined ? {} : { stalls }),
  };
}

/** Acts out steps and holds every answer against the document. */
export class Actor {
  readonly #good = new Map<string, Step>();
  readonly #wire: Wire;

  constructor(
    url: string,
    private readonly document: ApiDocument,
    private readonly book: AnswerBook,
    private readonly recorder: Recorder,
  ) {
    this.#wire = new Wire(url);
  }

  close(): void {
    this.#wire.close();
  }

  /** @throws Error when the status is another than the step says */
  async act(step: Step): Promise<ApiAnswer> {
    const answer = await this.ask(step);
    if (answer.status !== step.status) {
      throw new Error(`${JSON.stringify(step).slice(0, 300)}: ${answer.status} ${answer.text.slice(0, 500)}`);
    }
    if (step.status < 400 && !this.#good.has(step.operation)) this.#good.set(step.operation, step);
    this.recorder.note(step, answer);
    return answer;
  }

  /** Asks and holds the answer against the document, whatever its status is. */
  async ask(step: Step): Promise<ApiAnswer> {
    const operation = this.document.operation(step.operation);
    const answer = await this.#wire.ask(requestOf(operation, step));
    this.book.hold(operation, answer);
    return answer;
  }

  /** The refusals that follow from the document itself, for every operation that shows them. */
  async actShared(): Promise<void> {
    for (const [id, good] of this.#good) {
      const { responses, requestBody } = this.document.operation(id);
      if (400 in responses)
        await this.act({ ...good, query: { ...good.query, no_such_parameter: "1" }, headers: {}, status: 400 });
      if (304 in responses) await this.#actUnchanged(good);
      if (requestBody !== undefined) await this.act({ ...good, mediaType: "text/plain; charset=utf-16", status: 415 });
    }
  }

  /** The good steps of every operation that shows an answer with this status, with it. */
  stepsOf(status: 503 | 504): Step[] {
    return [...this.#good.values()]
      .filter(({ operation }) => this.document.operation(operation).responses[status]?.isShared === undefined)
      .filter(({ operation }) => status in this.document.operation(operation).responses)
      .map((step) => ({ ...step, status }));
  }

  async #actUnchanged(good: Step): Promise<void> {
    const { headers } = await this.act(good);
    await this.act({ ...good, headers: { ...good.headers, "if-none-match": headers.etag ?? "" }, status: 304 });
  }
}
