import { asError } from "../error-text.js";
import { type Listener, type Venue, VenueBusy, VenueRefusal } from "../venue.js";
import { priceLine } from "./price-line.js";

/** Where the pricing streams of OANDA's two environments are. */
export const OANDA_URLS = {
  practice: "https://stream-fxpractice.oanda.com",
  live: "https://stream-fxtrade.oanda.com",
} as const;

export interface OandaOptions {
  readonly url: string;
  readonly account: string;
  /** Asked for each connection: what it was may have been replaced. */
  readonly token: () => Promise<string>;
  /** As OANDA writes them: EUR_USD. */
  readonly instruments: readonly string[];
  /** A stream has a heartbeat every 5 s: one that is silent for three of them is dead. */
  readonly silenceMaxMs?: number;
}

const SILENCE_MAX_MS = 15_000;
/** A line of a hundred price buckets has some 5 kB; without a bound a stream without line ends would fill the memory. */
const LINE_LENGTH_MAX = 1_000_000;
/** What OANDA asks for when it says 429 and not for how long. */
const BUSY_WAIT_MS = 1_000;

/** The v20 pricing stream: lines of JSON in one answer that does not end. */
export class Oanda implements Venue {
  readonly name = "OANDA";

  constructor(private readonly options: OandaOptions) {}

  async listen(listener: Listener, signal: AbortSignal): Promise<void> {
    const silence = new AbortController();
    const { silenceMaxMs = SILENCE_MAX_MS } = this.options;
    const cut = () => silence.abort(new Error(`nothing came for ${silenceMaxMs / 1000} s`));
    const timer = setTimeout(cut, silenceMaxMs);
    try {
      const response = await this.#open(AbortSignal.any([signal, silence.signal]));
      for await (const line of linesOf(response)) {
        timer.refresh();
        if (line.trim() !== "") take(line, listener);
      }
    } catch (error) {
      throw silence.signal.aborted ? silence.signal.reason : withCause(error);
    } finally {
      clearTimeout(timer);
    }
  }

  async #open(signal: AbortSignal): Promise<Response> {
    const { url, account, instruments, token } = this.options;
    const query = new URLSearchParams({ instruments: instruments.join(",") });
    const headers = { authorization: `Bearer ${await token()}`, "accept-datetime-format": "RFC3339" };
    const address = `${url}/v3/accounts/${encodeURIComponent(account)}/pricing/stream?${query}`;
    // The token is for this address and no other.
    const response = await fetch(address, { headers, signal, redirect: "error" });
    if (response.ok) return response;
    throw refusalOf(response, await response.text());
  }
}

function take(text: string, listener: Listener): void {
  const line = priceLine(text);
  // Whatever comes, the connection is alive.
  listener.alive();
  if (line.kind === "price") listener.take(line.tick);
  else if (line.kind === "other") listener.unusable();
}

async function* linesOf({ body }: Response): AsyncGenerator<string> {
  if (body === null) return;
  let rest = "";
  for await (const text of body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > LINE_LENGTH_MAX) throw new Error("a line without end came");
    yield* lines;
  }
}

/** What an answer without prices means: passing are 429 and what is wrong with the server, nothing else. */
function refusalOf({ status, statusText, headers }: Response, text: string): Error {
  const message = `${status} ${messageOf(text) ?? statusText}`;
  const seconds = Number(headers.get("retry-after") ?? Number.NaN);
  if (status === 429) return new VenueBusy(message, Number.isFinite(seconds) ? seconds * 1000 : BUSY_WAIT_MS);
  return status >= 500 || status === 408 ? new Error(message) : new VenueRefusal(`OANDA: ${message}`);
}

function messageOf(text: string): string | undefined {
  try {
    const { errorMessage }: { errorMessage?: unknown } = JSON.parse(text);
    return typeof errorMessage === "string" ? errorMessage : undefined;
  } catch {
    return undefined;
  }
}

/** fetch says "fetch failed" and "terminated"; why stands in the cause. */
function withCause(error: unknown): unknown {
  const { name, message, cause } = asError(error);
  return name === "TypeError" && cause !== undefined
    ? new Error(asError(cause).message || message, { cause: error })
    : error;
}
