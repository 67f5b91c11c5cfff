import { readdir, readFile } from "node:fs/promises";
import type { Engine } from "./settings.js";

/** One part of a migration: done whole or not at all, and once. */
export interface MigrationStep {
  readonly sql: string;
  /** False for a single statement that PostgreSQL runs in no transaction, such as `create index concurrently`. */
  readonly isTransaction: boolean;
}

/** One file of `migrations/`. */
export interface Migration {
  readonly version: number;
  /** Of the file. */
  readonly name: string;
  /** The oldest version whose services can work on what this one leaves; undefined when it takes nothing away from any. */
  readonly servesFrom: number | undefined;
  /** At least one. */
  readonly steps: readonly MigrationStep[];
}

/** What a line that begins like this goes on with is checked: a misspelt one would join two steps. */
const STEP = /^[ \t]*-- step\b(.*)$/m;
const SERVES_FROM = /^[ \t]*-- serves from (\d+)$/m;

/**
 * Reads a migration file: SQL in steps that are parted by lines `-- step` or `-- step outside a transaction`; a line
 * `-- serves from N` anywhere in it says what the services must know from then on.
 *
 * @throws Error when such a line says something else, or the name does not begin with a number
 */
export function parseMigration(name: string, text: string): Migration {
  const version = Number.parseInt(name, 10);
  if (!(version > 0)) throw new Error(`${name} does not begin with the number of a version`);
  const [first = "", ...rest] = text.split(STEP);
  const steps: MigrationStep[] = [{ sql: first, isTransaction: true }];
  // The split gives what follows each marker, and what follows its line.
  for (let index = 0; index < rest.length; index += 2) {
    const kind = rest[index] ?? "";
    if (kind !== "" && kind !== " outside a transaction") throw new Error(`${name}: no step is "-- step${kind}"`);
    steps.push({ sql: rest[index + 1] ?? "", isTransaction: kind === "" });
  }
  const servesFrom = SERVES_FROM.exec(text)?.[1];
  return { version, name, servesFrom: servesFrom === undefined ? undefined : Number(servesFrom), steps };
}

const MIGRATIONS = new URL("../migrations/", import.meta.url);

/** Every migration of an engine, in order: its own files, those in `common`, and where both have one the two as one, `common` first. */
export async function readMigrations(engine: Engine): Promise<Migration[]> {
  const texts = new Map<string, string>();
  for (const folder of ["common", engine]) {
    for (const name of await readdir(new URL(folder, MIGRATIONS))) {
      texts.set(name, (texts.get(name) ?? "") + (await readFile(new URL(`${folder}/${name}`, MIGRATIONS), "utf8")));
    }
  }
  return [...texts].map(([name, text]) => parseMigration(name, text)).sort((a, b) => a.version - b.version);
}
