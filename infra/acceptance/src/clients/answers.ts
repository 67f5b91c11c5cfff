/** One answer, as it came. */
export interface Answer {
  readonly status: number;
  /** By their names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

const HEAD_END = "\r\n\r\n";

/**
 * The whole answers in what came on a connection, in their order; what is not whole yet is left out.
 *
 * @param isOver whether the connection has ended, which ends an answer of no known length
 * @param isHead whether they have no bodies, for HEAD was asked
 */
export function answersIn(bytes: Buffer, isOver: boolean, isHead = false): Answer[] {
  const answers: Answer[] = [];
  for (let rest = bytes; rest.length > 0; ) {
    const end = rest.indexOf(HEAD_END);
    if (end < 0) break;
    const head = headIn(rest.subarray(0, end).toString("latin1"));
    const found = bodyIn(rest.subarray(end + HEAD_END.length), head, isOver, isHead);
    if (found === undefined) break;
    // An interim answer, as to `Expect`, is none.
    if (head.status >= 200 || head.status === 101) answers.push({ ...head, body: found.body });
    rest = found.rest;
  }
  return answers;
}

type Head = Omit<Answer, "body">;

function headIn(text: string): Head {
  const [statusLine = "", ...lines] = text.split("\r\n");
  const headers = lines.map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
  });
  return { status: Number(/^HTTP\/1\.[01] (\d{3})/.exec(statusLine)?.[1]), headers: Object.fromEntries(headers) };
}

interface Found {
  readonly body: Buffer;
  readonly rest: Buffer;
}

const NOTHING = Buffer.alloc(0);

/** @returns undefined while it is not whole */
function bodyIn(bytes: Buffer, { status, headers }: Head, isOver: boolean, isHead: boolean): Found | undefined {
  if (isHead || status < 101 || status === 204 || status === 304) return { body: NOTHING, rest: bytes };
  // What follows is no HTTP.
  if (status === 101) return { body: bytes, rest: NOTHING };
  if (headers["transfer-encoding"] === "chunked") return chunkedIn(bytes);
  const length = headers["content-length"];
  if (length === undefined) return isOver ? { body: bytes, rest: NOTHING } : undefined;
  if (bytes.length < Number(length)) return undefined;
  return { body: bytes.subarray(0, Number(length)), rest: bytes.subarray(Number(length)) };
}

function chunkedIn(bytes: Buffer): Found | undefined {
  const chunks: Buffer[] = [];
  for (let rest = bytes; ; ) {
    const lineEnd = rest.indexOf("\r\n");
    if (lineEnd < 0) return undefined;
    const length = Number.parseInt(rest.subarray(0, lineEnd).toString("latin1"), 16);
    const start = lineEnd + 2;
    if (rest.length < start + length + 2) return undefined;
    if (length === 0) return { body: Buffer.concat(chunks), rest: rest.subarray(start + 2) };
    chunks.push(rest.subarray(start, start + length));
    rest = rest.subarray(start + length + 2);
  }
}
