import type { TickInput } from "./types.js";

/** Bytes gathered before they are handed to the connection: large enough that the cost per write does not show. */
const WRITE_BYTES = 64 * 1024;
/**
 * A source whose ticks are there at once is read for no longer without a turn of the event loop. The connection takes writes
 * without one while its buffers have room, and neither an answer nor a timer of the caller's would come through, ms.
 */
const TURN_AFTER_MS = 20;

export type UploadFormat = "ndjson" | "csv";

/** The media type of each format. */
export const UPLOAD_TYPES: Readonly<Record<UploadFormat, string>> = {
  ndjson: "application/x-ndjson",
  csv: "text/csv",
};

/** A CSV upload's first line: of single prices, and of quotes; `,seq` follows where ticks have numbers. */
export const CSV_HEADER = "time,symbol,price";
export const CSV_QUOTE_HEADER = "time,symbol,bid,ask";

/** Writes ticks as lines, the first of them with what has to stand before it. */
type LineWriter = (tick: TickInput) => string;

/** As the service has it for ticks that name none; in CSV no value may be empty. */
const DEFAULT_SYMBOL = "EURUSD";

function csvHeaderOf({ price, seq }: TickInput): string {
  return `${price === undefined ? CSV_QUOTE_HEADER : CSV_HEADER}${seq === undefined ? "" : ",seq"}\n`;
}

function csvLines(): LineWriter {
  let header: string | undefined;
  return (tick) => {
    const own = csvHeaderOf(tick);
    if (header !== undefined && own !== header) {
      throw new TypeError("all ticks of a CSV have prices or quotes, and numbers or none: send others as ndjson");
    }
    const opening = header === undefined ? own : "";
    header = own;
    const { time, symbol = DEFAULT_SYMBOL, seq, price, bid, ask } = tick;
    return `${opening}${time},${symbol},${price ?? `${bid},${ask}`}${seq === undefined ? "" : `,${seq}`}\n`;
  };
}

const WRITERS: Readonly<Record<UploadFormat, () => LineWriter>> = {
  ndjson: () => (tick) => `${JSON.stringify(tick)}\n`,
  csv: csvLines,
};

/** Lines of text, gathered into writes of about 64 KiB. */
async function* writesOf(
  ticks: AsyncIterable<TickInput> | Iterable<TickInput>,
  format: UploadFormat,
  complete: (tick: TickInput) => TickInput,
): AsyncGenerator<string> {
  const lineOf = WRITERS[format]();
  // Without a tick nobody knows of what kind they would have been.
  let [text, whenEmpty] = ["", format === "csv" ? `${CSV_HEADER}\n` : ""];
  for await (const tick of ticks) {
    text += lineOf(complete(tick));
    whenEmpty = "";
    if (text.length < WRITE_BYTES) continue;
    yield text;
    text = "";
  }
  text += whenEmpty;
  if (text !== "") yield text;
}

/** The body of a streamed upload, and what went wrong with its source. */
export interface Upload {
  readonly body: ReadableStream<Uint8Array>;
  /** The source's own error, which fetch hides behind one of its own. */
  sourceError(): Error | undefined;
  /** Lets go of the source. Node's fetch does not when an answer comes before the body's end. */
  close(): void;
}

/**
 * Makes the body of a streamed upload. The source is read only as fast as the connection takes the lines, so that any
 * number of ticks passes through in bounded memory.
 *
 * @param complete fills in what a tick leaves open
 */
export function uploadOf(
  ticks: AsyncIterable<TickInput> | Iterable<TickInput>,
  complete: (tick: TickInput) => TickInput,
  format: UploadFormat = "ndjson",
): Upload {
  const writes = writesOf(ticks, format, complete);
  const encoder = new TextEncoder();
  let sourceError: Error | undefined;
  const next = () =>
    writes.next().catch((error: unknown) => {
      sourceError = error instanceof Error ? error : new Error(String(error));
      throw error;
    });
  // A source that is waiting for its next tick closes when that comes; nobody waits for it here.
  const close = () => void writes.return(undefined).catch(() => undefined);
  let turnedAtMs = performance.now();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (performance.now() - turnedAtMs > TURN_AFTER_MS) {
        await new Promise((resolve) => setTimeout(resolve));
        turnedAtMs = performance.now();
      }
      const { done, value } = await next();
      if (done) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
    cancel: close,
  });
  return { body, sourceError: () => sourceError, close };
}
