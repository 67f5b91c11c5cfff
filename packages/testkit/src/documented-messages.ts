import { asyncApiDocument, STREAM_ENDPOINTS } from "@fx-ohlc/contract";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";

/** A message that came, by the name that the AsyncAPI document has for it. */
export interface DocumentedMessage {
  readonly name: string;
  /** What is not as documented. */
  readonly fault: string | undefined;
}

/** What each endpoint sends and takes, compiled when somebody first asks. */
let validators: ReadonlyMap<string, ReadonlyMap<string, ValidateFunction>> | undefined;

function compile(): ReadonlyMap<string, ReadonlyMap<string, ValidateFunction>> {
  const ajv = addFormats.default(new Ajv2020({ strict: false, allErrors: true }));
  ajv.addSchema({ ...asyncApiDocument("test", {}), $id: "stream" });
  const of = (name: string) => ajv.compile({ $ref: `stream#/components/schemas/${name}` });
  return new Map(
    Object.values(STREAM_ENDPOINTS).flatMap(({ route: { path }, sends, takes }) => [
      [`sent ${path}`, new Map(sends.map(({ name }) => [name, of(name)]))],
      [`taken ${path}`, new Map(takes.map(({ name }) => [name, of(name)]))],
    ]),
  );
}

/**
 * Finds what the AsyncAPI document calls a message of an endpoint. Exactly one of the endpoint's messages has its
 * shape; where none has, the fault says what each of them missed.
 *
 * @param path of the endpoint: `/ws/ticks`
 * @param way whether the gateway sent or took it
 */
export function documentedMessage(path: string, message: unknown, way: "sent" | "taken" = "sent"): DocumentedMessage {
  validators ??= compile();
  const candidates = [...(validators.get(`${way} ${path.replace(/(.)\/$/, "$1")}`) ?? [])];
  const fitting = candidates.filter(([, validate]) => validate(message));
  const [only] = fitting;
  if (only !== undefined && fitting.length === 1) return { name: only[0], fault: undefined };
  const misses = candidates.map(([name, { errors }]) => `${name}: ${new Ajv2020().errorsText(errors)}`);
  return {
    name: "",
    fault: `${path}: ${JSON.stringify(message)} is none of the messages ${way}: ${misses.join("; ")}`,
  };
}
