import { Agent, request } from "node:http";
import { eventually } from "@fx-ohlc/testkit";

/** One tick as a producer sends it. */
export interface Draft {
  readonly symbol: string;
  readonly time: string;
  readonly price: number;
}

/** What `POST /ticks` answered to it. */
export interface Acknowledged extends Draft {
  readonly seq: number;
  readonly duplicate: boolean;
}

/** Longer than a restart of the service takes on two busy cores, ms. */
const OUTAGE_MAX_MS = 30_000;
/** A request whose process was frozen or killed without a word is given up after this, ms. */
const ANSWER_TIMEOUT_MS = 10_000;

/**
 * Posts ticks one by one over a number of connections, each repeated until it is acknowledged, as a producer does that
 * must not lose any. Plain `node:http`, because fetch needs more of the machine than the service under test.
 *
 * @param onAcknowledged told how many there are so far
 */
export async function postOneByOne(
  url: string,
  drafts: readonly Draft[],
  connections: number,
  onAcknowledged: (count: number) => void = () => undefined,
): Promise<Acknowledged[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const acknowledged: Acknowledged[] = [];
  const queue = drafts.values();
  const connection = async (): Promise<void> => {
    for (const draft of queue) {
      const what = `a tick of ${draft.time} to be acknowledged`;
      acknowledged.push(await eventually(() => post(url, draft, agent), { timeoutMs: OUTAGE_MAX_MS, what }));
      onAcknowledged(acknowledged.length);
    }
  };
  await Promise.all(Array.from({ length: connections }, connection)).finally(() => agent.destroy());
  return acknowledged;
}

function post(url: string, draft: Draft, agent: Agent): Promise<Acknowledged> {
  const body = JSON.stringify(draft);
  const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    const sent = request(`${url}/ticks`, { method: "POST", agent, headers, timeout: ANSWER_TIMEOUT_MS }, (answer) => {
      let text = "";
      answer.setEncoding("utf8");
      answer.on("data", (part: string) => {
        text += part;
      });
      answer.on("error", reject);
      answer.on("end", () => {
        if (answer.statusCode === 201) resolve(JSON.parse(text));
        else reject(new Error(`answered ${answer.statusCode}: ${text}`));
      });
    });
    sent.on("error", reject);
    sent.on("timeout", () => sent.destroy(new Error("no answer")));
    sent.end(body);
  });
}
