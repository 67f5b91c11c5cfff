import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Sql } from "@fx-ohlc/database";
import { formatBucket, type Micros, US_PER_HOUR } from "@fx-ohlc/schemas";
import { startBaseline } from "../baseline/start-baseline.js";
import type { Lab } from "../lab.js";
import { runJob } from "../load/run-job.js";
import { alternate } from "../rounds.js";
import { untilClosed } from "./closed-bars.js";
import { compareRates, RateMeter } from "./ratio.js";
import type { Row, RowContext, RowResult } from "./row.js";

const LOAD = { kind: "paths", connections: 16, warmUpMs: 500, measureMs: 1500 } as const;
const BARS = 60;
/** Hours of the sample week that are asked for in turn. */
const HOURS_MAX = 64;
const SYMBOL = "EURUSD";

/** An hour of minute bars that are closed, each time another, against a server that has the answer's bytes in memory. */
export const minuteBars: Row = {
  name: "bars",
  async measure({ lab, config, signal }: RowContext): Promise<RowResult> {
    const query = await lab.service("ohlc-query");
    const hours = await fullHours(lab);
    const paths = hours.map(pathOf);
    await untilClosed(lab.database.sql, (hours.at(-1) ?? 0) + US_PER_HOUR);
    const answer = await keepAnswer(lab, `${query.url}${paths[0]}`);
    const express = await startBaseline(lab, { name: "bare-express", args: [answer] });
    const meter = new RateMeter();
    const rounds = await alternate(config.rounds, signal, {
      theirs: async () => meter.rate("theirs", await runJob({ ...LOAD, paths, url: express })),
      ours: async () => meter.rate("ours", await runJob({ ...LOAD, paths, url: query.url })),
    });
    return {
      work: `GET /ohlc/minute, ${BARS} bars, warm`,
      against: "bare Express sending the same bytes",
      setup: `${LOAD.connections} connections, ${paths.length} different hours in turn, ${LOAD.measureMs} ms a round`,
      ...compareRates(rounds, "requests/s", 2),
      generatorCpu: meter.generatorCpu,
    };
  },
};

function pathOf(hourUs: Micros): string {
  const [start, end] = [formatBucket(hourUs), formatBucket(hourUs + US_PER_HOUR)];
  return `/ohlc/minute?symbol=${SYMBOL}&start=${start}&end=${end}`;
}

/** Hours of the sample week with a tick in every minute; the row measured before this one left the week there. */
async function fullHours(lab: Lab): Promise<Micros[]> {
  const hours = await hoursOf(lab.database.sql);
  if (hours.length === 0) throw new Error("the rows before this one left no bars: measure bulk as well");
  return hours;
}

async function hoursOf(sql: Sql): Promise<Micros[]> {
  const rows = await sql<{ hour: Micros }[]>`
    select date_trunc('hour', bucket) as hour
      from ohlc_minute
     where symbol = ${SYMBOL} and bucket between '2014-05-04' and '2014-05-10'
     group by 1
    having count(*) = ${BARS}
     order by 1
     limit ${HOURS_MAX}`;
  return rows.map((row) => row.hour);
}

/** @throws Error when the answer is not the hour that was asked for */
async function keepAnswer(lab: Lab, url: string): Promise<string> {
  const text = await (await fetch(url)).text();
  const bars: unknown = JSON.parse(text);
  if (!Array.isArray(bars) || bars.length !== BARS) throw new Error(`${url} did not answer ${BARS} bars: ${text}`);
  const file = join(lab.folder, "bars.json");
  writeFileSync(file, text);
  return file;
}
