import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { type Ingest, startIngest } from "./ingest.js";

const run = promisify(execFile);
/** A Python that has QuestDB's client: `python3 -m venv V && V/bin/pip install questdb`, then `PYTHON=V/bin/python`. */
const PYTHON = process.env.PYTHON ?? "python3";

const PRODUCER = `
import sys, warnings
warnings.simplefilter("ignore")
from questdb.ingress import Sender, TimestampNanos
with Sender.from_conf(sys.argv[1]) as sender:
    for at in range(20_000):
        sender.row(
            "quotes",
            symbols={"symbol": f"QDB{at % 5}", "venue": "lp, 1"},
            columns={"bid": 1 + at / 1e5, "ask": 1 + (at + 2) / 1e5, "note": 'a "b"\\nc'},
            at=TimestampNanos(1733392800_000000000 + at * 1_000_999),
        )
`;

let ingest: Ingest;
beforeAll(async () => {
  ingest = await startIngest();
});
afterAll(() => ingest.stop());

async function hasClient(): Promise<boolean> {
  return run(PYTHON, ["-c", "import questdb"]).then(
    () => true,
    () => false,
  );
}

test("what QuestDB's Python client sends is stored to the last digit, and sent again it is the same", async () => {
  if (!(await hasClient())) {
    console.warn(`not run: ${PYTHON} has no questdb (line-protocol.test.ts has the exact bytes that it sends)`);
    return;
  }
  const { host } = new URL(ingest.url);
  for (const _again of [1, 2]) await run(PYTHON, ["-c", PRODUCER, `http::addr=${host};token=fxk_a_b;`]);
  const [row] = await ingest.sql`
    select count(*)::int as count, max(bid) as bid, max(ask) as ask,
           to_char(max(time) at time zone 'UTC', 'HH24:MI:SS.US') as last
    from ticks where symbol ~ '^QDB[0-4]$'`;
  expect(row).toEqual({ count: 20_000, bid: 1 + 19_999 / 1e5, ask: 1 + 20_001 / 1e5, last: "10:00:20.018979" });
});
