import { commonStep, type Ending } from "@fx-ohlc/service-kit";

/** Longer ones are told by their beginning: a span must not be larger than the answer it is of. */
const TEXT_MAX = 4000;

/** A statement of postgres.js: the texts between its parameters, or all of it as the only one. */
interface Statement extends Promise<unknown> {
  readonly strings?: readonly string[];
}

/** Records a statement within the traces of those it is for, without the values of its parameters. */
export function traceQuery(query: Statement, { spans }: Ending): void {
  if (spans.length === 0) return;
  const text = (query.strings ?? [""]).reduce((before, part, index) => `${before}$${index}${part}`);
  const operation = /^\s*(\w+)/.exec(text)?.[1]?.toUpperCase() ?? "SQL";
  const span = commonStep(spans, operation, "client", {
    "db.system.name": "postgresql",
    "db.operation.name": operation,
    "db.query.text": text.slice(0, TEXT_MAX),
  });
  query.then(
    () => span?.end(),
    (error: unknown) => span?.end(error),
  );
}
