import { isNativeError } from "node:util/types";
import type { Logger } from "./logger.js";
import type { Problem } from "./problem.js";

/** For so long after its line a failure of the same kind is only counted, ms. */
const COUNTED_MS = 60_000;
/** Kinds told apart at once; what else fails meanwhile is one kind. There are some ten in an outage. */
const KINDS_MAX = 100;

interface Repeated {
  count: number;
  last: Record<string, unknown>;
}

/**
 * Logs with its cause what was answered with 500 or more: the first of a kind at once, and those that follow within a minute
 * as one line with their count (`repeated`) and the last of them.
 */
export class FailureLog {
  readonly #kinds = new Map<string, Repeated>();

  constructor(private readonly logger: Logger) {}

  /**
   * @param caller the name of the token that was shown
   * @param traceId where the request is traced
   */
  note(problem: Problem, requestId: string, caller?: string, traceId?: string): void {
    if (problem.status < 500) return;
    const who = { ...(traceId && { trace_id: traceId }), ...(caller === undefined ? {} : { caller }) };
    const fields = { request_id: requestId, status: problem.status, ...who, error: problem.cause ?? problem };
    const kind = this.#kinds.size < KINDS_MAX ? kindOf(problem) : problem.code;
    const repeated = this.#kinds.get(kind);
    if (repeated !== undefined) {
      repeated.count += 1;
      repeated.last = fields;
      return;
    }
    this.#log(fields);
    this.#kinds.set(kind, { count: 0, last: fields });
    setTimeout(() => this.#end(kind), COUNTED_MS).unref();
  }

  #end(kind: string): void {
    const { count = 0, last = {} } = this.#kinds.get(kind) ?? {};
    this.#kinds.delete(kind);
    if (count > 0) this.#log({ ...last, repeated: count });
  }

  #log(fields: Record<string, unknown>): void {
    this.logger.log(fields.status === 500 ? "error" : "warn", "request failed", fields);
  }
}

/** What is answered, and what error was at the bottom of it: its own words may be other ones each time. */
function kindOf({ code, detail, cause }: Problem): string {
  const error: object = isNativeError(cause) ? cause : {};
  const name = "code" in error ? error.code : "stack" in error ? String(error.stack).split("\n")[1] : "";
  return `${code} ${detail} ${name}`;
}
