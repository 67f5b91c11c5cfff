import { execFile, execFileSync } from "node:child_process";
import { createReadStream } from "node:fs";
import { env } from "node:process";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { openPool } from "@fx-ohlc/database";

/** PostgreSQL's own bulk loader. */
export interface Copy {
  /** As the table calls it. */
  readonly name: string;
  /** Loads a CSV file of (symbol, time, seq, price) into `ticks` in one statement. @returns what it took */
  seconds(url: string, file: string): Promise<number>;
}

const COLUMNS = "ticks (symbol, time, seq, price)";

/** psql where it is installed; otherwise the same COPY through this process, which costs about the same. */
export function findCopy(): Copy {
  try {
    execFileSync("psql", ["--version"], { stdio: "pipe" });
  } catch {
    return { name: "COPY through postgres.js (psql is not installed)", seconds: copyWithPostgresJs };
  }
  return { name: "psql \\copy", seconds: copyWithPsql };
}

/** By psql's own clock, without its start and login. */
async function copyWithPsql(url: string, file: string): Promise<number> {
  const { address, password } = withoutPassword(url);
  const { stdout } = await promisify(execFile)(
    "psql",
    ["-X", "-v", "ON_ERROR_STOP=1", "-d", address, "-c", "\\timing on", "-c", `\\copy ${COLUMNS} from '${file}' csv`],
    { env: { ...env, PGPASSWORD: password } },
  );
  const milliseconds = /^Time: ([\d.]+) ms/m.exec(stdout)?.[1];
  if (milliseconds === undefined) throw new Error(`psql did not say how long it took: ${stdout}`);
  return Number(milliseconds) / 1000;
}

/** Other accounts can read a command line, and must not read the password. */
function withoutPassword(url: string): { address: string; password: string } {
  const address = new URL(url);
  const password = decodeURIComponent(address.password);
  address.password = "";
  return { address: address.href, password };
}

async function copyWithPostgresJs(url: string, file: string): Promise<number> {
  const sql = openPool({ url, applicationName: "fx bench copy", connectionsMax: 1, statementTimeoutMs: 0 });
  try {
    await sql`select 1`;
    const startedMs = performance.now();
    await pipeline(createReadStream(file), await sql`copy ${sql.unsafe(COLUMNS)} from stdin csv`.writable());
    return (performance.now() - startedMs) / 1000;
  } finally {
    await sql.end({ timeout: 1 });
  }
}
