import { type KeyNews, type KeyRecord, type KeySnapshot, secretHash } from "@fx-ohlc/access";
import {
  type AuditEntry,
  type Database,
  type DatabaseSettings,
  inSession,
  raiseAccessVersion,
  readCommitRules,
  recordAudit,
  type Transaction,
} from "@fx-ohlc/database";
import { foldedName, type KeyChangeDto, type KeyDto, type Micros } from "@fx-ohlc/schemas";
import { Problem } from "@fx-ohlc/service-kit";

/** A live key as the table has it, but for its secret's hash. Times as microseconds. */
export interface KeyRow extends Pick<KeyRecord, "id" | "name" | "scopes" | "symbols" | "limits"> {
  readonly feeds: readonly string[] | null;
  readonly in_url: boolean;
  readonly created_at: Micros;
  readonly created_by: string;
  readonly expires_at: Micros | null;
  readonly last_used_at: Micros | null;
}

/** A page of keys, by id. */
export interface KeyPage {
  /** They come after this one. */
  readonly after: string;
  readonly limit: number;
}

/** The columns of a {@link KeyRow}. */
const COLUMNS = "id, name, scopes, symbols, feeds, limits, in_url, created_at, created_by, expires_at, last_used_at";

type NewKey = KeyDto & { readonly id: string; readonly secret: string };

/** Told of a key before it is changed. */
export type JudgeKey = (before: KeyRow) => void;

/** What keys there are. Every change raises their version and is noted in the audit, in one transaction. */
export class KeyStore {
  constructor(private readonly database: Database) {}

  create({ id, secret, name, scopes, ...rest }: NewKey, actor: string): Promise<KeyRow> {
    const { symbols = null, feeds = null, limits, in_url, expires_at = null } = rest;
    return this.change(async (transaction) => {
      await note(transaction, { actor, action: "key.created", target: id, details: { name, scopes } });
      await requireFreeName(transaction, name, id);
      await transaction`
        insert into api_keys (id, name, secret_hash, scopes, symbols, feeds, limits, in_url, created_at, created_by, expires_at)
        values (${id}, ${name}, ${secretHash(secret)}, ${[...scopes]}::text[],
                ${symbols === null ? null : [...symbols]}::text[], ${feeds === null ? null : [...feeds]}::text[],
                ${JSON.stringify(limits ?? {})}::text::jsonb,
                ${in_url ?? false}, fx_now(), ${actor}, ${expires_at})`;
      const row = await readKey(transaction, id);
      if (row === undefined) throw new Error("a key is gone in the transaction that made it");
      return row;
    });
  }

  async list({ after, limit }: KeyPage): Promise<readonly KeyRow[]> {
    return inSession(
      this.database.sql,
      (sql) => sql<KeyRow[]>`
        select ${sql.unsafe(COLUMNS)} from api_keys where revoked_at is null and id > ${after} order by id limit ${limit}`,
    );
  }

  /**
   * @param judge throws where a key may not become this; nobody changes it before this change is through
   * @returns the key as it is then; undefined when there is no live one of this id
   */
  update(id: string, changes: KeyChangeDto, judge: JudgeKey, actor: string): Promise<KeyRow | undefined> {
    const { limits, ...plain } = changes;
    const columns = Object.fromEntries(Object.entries(plain).filter(([, value]) => value !== undefined));
    return this.change(async (transaction) => {
      await transaction`select from api_keys where id = ${id} for update`;
      const live = await readKey(transaction, id);
      if (live === undefined) return undefined;
      judge(live);
      await note(transaction, { actor, action: "key.changed", target: id, details: { changed: Object.keys(changes) } });
      if (changes.name !== undefined) await requireFreeName(transaction, changes.name, id);
      if (Object.keys(columns).length > 0) {
        await transaction`update api_keys set ${transaction(columns)} where id = ${id}`;
      }
      if (limits !== undefined) {
        const json = JSON.stringify(limits ?? {});
        await transaction`update api_keys set limits = ${json}::text::jsonb where id = ${id}`;
      }
      return readKey(transaction, id);
    });
  }

  /**
   * Ends a key for good; one that has been ended stays so.
   *
   * @returns false when there never was a key of this id
   */
  revoke(id: string, actor: string): Promise<boolean> {
    return this.change(async (transaction) => {
      const [row] = await transaction<{ name: string }[]>`
        update api_keys set revoked_at = fx_now() where id = ${id} and revoked_at is null returning name`;
      if (row === undefined) return (await transaction`select from api_keys where id = ${id}`).length > 0;
      await note(transaction, { actor, action: "key.revoked", target: id, details: { name: row.name } });
      return true;
    });
  }

  /** Revokes all JWTs of a subject that were issued until now. */
  revokeSubject(subject: string, actor: string): Promise<void> {
    return this.change(async (transaction) => {
      await transaction`
        insert into revoked_subjects (subject, revoked_at) values (${subject}, fx_now())
            on conflict (subject) do update set revoked_at = excluded.revoked_at`;
      await note(transaction, { actor, action: "jwt.revoked", target: subject });
    });
  }

  /** The version of what is stored. */
  async version(): Promise<string> {
    return inSession(this.database.sql, (sql) => readVersion(sql, this.database.settings));
  }

  /** What services have to know, unless it is known. */
  async news(known: string | undefined): Promise<KeyNews> {
    return { ageMs: 0, snapshot: (await this.version()) === known ? undefined : await this.snapshot() };
  }

  /** Everything that services have to know, as it is at one moment. */
  async snapshot(): Promise<KeySnapshot> {
    return this.database.sql.begin("isolation level repeatable read read only", async (sql) => {
      const keys = await sql<StoredRecord[]>`
        select id, name, secret_hash as hash, scopes, symbols, feeds, limits, in_url, expires_at
          from api_keys where revoked_at is null`;
      const subjects = await sql<{ subject: string; at: Micros }[]>`
        select subject, revoked_at as at from revoked_subjects`;
      return {
        version: await readVersion(sql, this.database.settings),
        keys: keys.map(recordOf),
        subjects: Object.fromEntries(subjects.map(({ subject, at }) => [subject, Math.ceil(at / 1000)])),
      };
    });
  }

  /** Records when keys were last used, unless something later is recorded. */
  async recordUse(usedMs: ReadonlyMap<string, number>): Promise<void> {
    const ids = [...usedMs.keys()];
    const times = ids.map((id) => (usedMs.get(id) ?? 0) * 1000);
    await inSession(
      this.database.sql,
      (sql) => sql`
        update api_keys set last_used_at = used.at
          from unnest(${ids}::text[], ${times}::timestamptz[]) as used (id, at)
         where api_keys.id = used.id and (last_used_at is null or last_used_at < used.at)`,
    );
  }

  private change<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    const change = async (transaction: Transaction): Promise<T> => {
      this.database.assertIdentity((await readCommitRules(transaction)).identity);
      return work(transaction);
    };
    const changing = this.database.sql.begin(change) as Promise<T>; // postgres.js unwraps arrays in its type.
    changing.catch((error: unknown) => this.database.noteWriteError(error));
    return changing;
  }
}

/**
 * Another one after each change, and after a restore of what was there before: that is written by another transaction, whatever
 * number it brings back.
 */
async function readVersion(
  sql: Pick<Transaction, "unsafe">,
  { incarnation }: Pick<DatabaseSettings, "incarnation">,
): Promise<string> {
  const [row] = await sql.unsafe<{ version: string }[]>("select number || '-' || xmin as version from access_version");
  return `${incarnation}/${row?.version ?? ""}`;
}

/**
 * Two live keys of one name could not be told apart in logs, metrics and the audit. After {@link note}, which lets one change of
 * keys at a time through: between this and the end of the transaction nobody else takes the name.
 *
 * @throws Problem 409
 */
async function requireFreeName(transaction: Transaction, name: string, id: string): Promise<void> {
  const others = await transaction<{ id: string; name: string }[]>`
    select id, name from api_keys where id <> ${id} and revoked_at is null`;
  const other = others.find((key) => foldedName(key.name) === foldedName(name));
  if (other === undefined) return;
  throw new Problem("conflict", `There is a live key of the name ${other.name} already: ${other.id}.`);
}

async function note(transaction: Transaction, entry: AuditEntry): Promise<void> {
  await raiseAccessVersion(transaction);
  await recordAudit(transaction, entry);
}

async function readKey(sql: Pick<Transaction, "unsafe">, id: string): Promise<KeyRow | undefined> {
  const [row] = await sql.unsafe<KeyRow[]>(`select ${COLUMNS} from api_keys where id = $1 and revoked_at is null`, [
    id,
  ]);
  return row;
}

/** What of a row services have to know. */
type StoredRecord = Omit<KeyRecord, "inUrl" | "expiresMs"> & Pick<KeyRow, "in_url" | "expires_at">;

function recordOf({ in_url: inUrl, expires_at, ...same }: StoredRecord): KeyRecord {
  return { ...same, inUrl, expiresMs: expires_at === null ? null : Math.floor(expires_at / 1000) };
}
