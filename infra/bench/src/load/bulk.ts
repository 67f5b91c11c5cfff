import { formatTime, parseTime } from "@fx-ohlc/schemas";
import { readSample, type SampleTick } from "../sample.js";
import { type HttpConnection, requestText, withConnections } from "./http-connection.js";
import type { BulkForm, BulkJob, Throughput } from "./jobs.js";
import { Stopwatch } from "./stopwatch.js";

/** Within the sample's week. */
const START_US = parseTime("2014-05-05T10:00:00Z") ?? 0;

/** A row of the sample, of one symbol. */
interface Row extends SampleTick {
  readonly symbol: string;
  readonly isQuote: boolean;
}

function rowJson({ symbol, time, price, ask, isQuote, seq }: Row): string {
  const cost = isQuote ? `"bid":${price},"ask":${ask}` : `"price":${price}`;
  return `{"symbol":"${symbol}",${cost},"time":"${time}","seq":${seq}}`;
}

function rowCsv({ symbol, time, price, ask, isQuote, seq }: Row): string {
  return `${time},${symbol},${isQuote ? `${price},${ask}` : price},${seq}\n`;
}

function csvBody(rows: readonly Row[]): string {
  const columns = rows[0]?.isQuote === true ? "bid,ask" : "price";
  return `time,symbol,${columns},seq\n${rows.map(rowCsv).join("")}`;
}

/** As clients of QuestDB write it, who know nothing of seq. */
function rowLine({ symbol, time, price, ask, isQuote }: Row): string {
  const cost = isQuote ? `bid=${price},ask=${ask}` : `price=${price}`;
  return `ticks,symbol=${symbol} ${cost} ${parseTime(time)}000\n`;
}

interface Form {
  readonly type: string;
  /** Where it is posted, and what answers that it is stored. */
  readonly target?: string;
  readonly status?: number;
  body(rows: readonly Row[]): string;
}

const BULK = "/ticks/bulk";
const BODIES: Readonly<Record<BulkForm, Form>> = {
  json: { type: "application/json", body: (rows) => `[${rows.map(rowJson).join(",")}]` },
  ndjson: { type: "application/x-ndjson", body: (rows) => rows.map((row) => `${rowJson(row)}\n`).join("") },
  csv: { type: "text/csv", body: csvBody },
  "line protocol": {
    type: "text/plain",
    target: "/write?precision=n",
    status: 204,
    body: (rows) => rows.map(rowLine).join(""),
  },
};

function timed(tick: SampleTick, index: number, { stepUs }: BulkJob): SampleTick {
  return stepUs === undefined ? tick : { ...tick, time: formatTime(START_US + index * stepUs), seq: 0 };
}

/** Made before the clock starts: `\copy` reads a finished file, too. */
function bulkRequests(ticks: readonly SampleTick[], job: BulkJob): Buffer[] {
  const { form, rowsPerRequest, symbols, areQuotes } = job;
  const rows = ticks.map((tick, index) => ({
    ...timed(tick, index, job),
    symbol: symbols[index % symbols.length] ?? "",
    isQuote: areQuotes === true,
  }));
  const { type, target = BULK, body } = BODIES[form];
  const requests: Buffer[] = [];
  for (let at = 0; at < rows.length; at += rowsPerRequest) {
    requests.push(Buffer.from(requestText("POST", target, body(rows.slice(at, at + rowsPerRequest)), { type })));
  }
  return requests;
}

/**
 * Posts rows of the sample once.
 *
 * @throws Error when an answer is another than that it is stored
 */
export async function bulkLoad(job: BulkJob): Promise<Throughput> {
  const requests = bulkRequests(await readSample(job.rows), job);
  const { target = BULK, status: stored = 201 } = BODIES[job.form];
  let sent = 0;
  const drive = async (connection: HttpConnection): Promise<void> => {
    for (let request = requests[sent]; request !== undefined; request = requests[sent]) {
      sent += 1;
      const status = await connection.request(request);
      if (status !== stored) throw new Error(`POST ${target} answered ${status}`);
    }
  };
  return withConnections(job.url, job.connections, async (connections) => {
    const stopwatch = new Stopwatch();
    await Promise.all(connections.map(drive));
    return { ...stopwatch.read(), answered: sent, answeredInAll: sent };
  });
}
