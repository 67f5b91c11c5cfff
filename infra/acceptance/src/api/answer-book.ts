import type { ApiDocument, PlacedOperation } from "./api-document.js";
import type { ApiAnswer } from "./exchange.js";

/** Headers that say something about the API: one of them in an answer has to be in the document. */
const TELLING = ["etag", "link", "retry-after", "location", "content-encoding", "vary", "cache-control"];
/** Text has no schema that could be wrong: it is documented by the name of its media type alone. */
const JSON_TYPE = /^application\/([\w.-]+\+)?json$/;

/** Holds real answers against the document, and knows which of the documented ones have not been seen. */
export class AnswerBook {
  readonly #seen = new Set<string>();
  readonly faults: string[] = [];

  constructor(private readonly document: ApiDocument) {}

  /** Documented answers, media types and headers that nothing gave. */
  get unseen(): string[] {
    const shown = this.document.operations.flatMap(({ operationId, responses }) =>
      Object.entries(responses).flatMap(([status, { headers = {}, content = {}, isShared }]) =>
        isShared === true
          ? []
          : ["", ...Object.keys(headers), ...Object.keys(content)].map((what) =>
              `${operationId} ${status} ${what}`.trim(),
            ),
      ),
    );
    return shown.filter((what) => !this.#seen.has(what));
  }

  /** Notes an answer, and everything in which it is not as documented. */
  hold(operation: PlacedOperation, answer: ApiAnswer): void {
    const { operationId, responses } = operation;
    const name = `${operationId} ${answer.status}`;
    this.#seen.add(name).add(`${name} ${mediaTypeOf(answer)}`);
    for (const header of Object.keys(responses[answer.status]?.headers ?? {})) {
      if (answer.headers[header.toLowerCase()] !== undefined) this.#seen.add(`${name} ${header}`);
    }
    const documented = responses[answer.status];
    if (documented === undefined) this.faults.push(`${name} is not documented: ${answer.text.slice(0, 300)}`);
    else for (const fault of faultsOf(this.document, documented, answer)) this.faults.push(`${name}: ${fault}`);
  }
}

type Documented = PlacedOperation["responses"][string];

function faultsOf(document: ApiDocument, { headers = {}, content = {} }: Documented, answer: ApiAnswer): string[] {
  return [...headerFaults(document, headers, answer), ...bodyFaults(document, content, answer)];
}

function headerFaults(
  document: ApiDocument,
  documented: NonNullable<Documented["headers"]>,
  answer: ApiAnswer,
): string[] {
  const known = new Set(Object.keys(documented).map((name) => name.toLowerCase()));
  const extra = TELLING.filter((name) => answer.headers[name] !== undefined && !known.has(name));
  const wrong = Object.entries(documented).flatMap(([name, { required, schema }]) => {
    const value = answer.headers[name.toLowerCase()];
    if (value === undefined) return required ? [`has no ${name}`] : [];
    const fault = document.fault(schema, schema.type === "integer" ? Number(value) : value);
    return fault === undefined ? [] : [`${name} ${fault}`];
  });
  return [...extra.map((name) => `${name} is not documented`), ...wrong];
}

function bodyFaults(document: ApiDocument, content: NonNullable<Documented["content"]>, answer: ApiAnswer): string[] {
  if (Object.keys(content).length === 0) return answer.text === "" ? [] : ["has a body and none is documented"];
  const mediaType = mediaTypeOf(answer);
  const documented = content[mediaType];
  if (documented === undefined) return [`the media type ${mediaType} is not documented`];
  if (!isJson(answer)) return [];
  const fault = document.fault(documented.schema, JSON.parse(answer.text));
  return fault === undefined ? [] : [`${fault}: ${answer.text.slice(0, 500)}`];
}

/** Whether an answer is one JSON value, which a part of one is not. */
export function isJson(answer: ApiAnswer): boolean {
  return answer.status !== 206 && JSON_TYPE.test(mediaTypeOf(answer));
}

/** The media type of an answer, without its parameters. */
export function mediaTypeOf({ headers }: ApiAnswer): string {
  return headers["content-type"]?.split(";", 1)[0] ?? "";
}
