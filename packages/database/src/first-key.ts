import { newKeyToken, parseKeyToken, secretHash } from "@fx-ohlc/access";
import { foldedName, SCOPES } from "@fx-ohlc/schemas";
import type { EnvReader } from "@fx-ohlc/service-kit";
import { raiseAccessVersion, recordAudit } from "./audit.js";
import { inMigrationSession } from "./migration-session.js";
import type { Tell } from "./migration-steps.js";
import type { Sql } from "./sql.js";

/** Who a key is from that no other key has made. */
const OPERATOR = "operator";
/** With its id where another live key is called so. */
const NAME = "admin";
/** Any number: it only has to be the same in every build. */
const KEY_LOCK = 5_064_223;

/**
 * Reads `ADMIN_KEY` (or the file that `ADMIN_KEY_FILE` names): the first key of a deployment, which makes all others.
 *
 * @returns undefined when there is none
 */
export function readAdminKey(env: EnvReader): string | undefined {
  const token = env.string("ADMIN_KEY", { default: undefined });
  const isKey = token === undefined || parseKeyToken(token) !== undefined;
  env.rule(
    ["ADMIN_KEY"],
    isKey,
    "must be fxk_<id>_<secret>, the id 4 to 32 letters and digits, the secret at least 43 characters",
  );
  return token;
}

/**
 * Makes a key that may do everything, unless there is one of that id: also one that was revoked stays as it is.
 *
 * @returns whether it was made
 * @throws Error when its id is that of a key with another secret
 */
export async function putAdminKey(sql: Sql, token: string): Promise<boolean> {
  const parsed = parseKeyToken(token);
  if (parsed === undefined) throw new Error("this is no API key");
  const hash = secretHash(parsed.secret);
  return sql.begin(async (transaction) => {
    const live = await transaction<{ name: string }[]>`select name from api_keys where revoked_at is null`;
    const isTaken = live.some(({ name }) => foldedName(name) === NAME);
    const [made] = await transaction<{ name: string }[]>`
      insert into api_keys (id, name, secret_hash, scopes, created_at, created_by)
      values (${parsed.id}, ${isTaken ? `${NAME} ${parsed.id}` : NAME}, ${hash}, ${[...SCOPES]}::text[], fx_now(), ${OPERATOR})
          on conflict (id) do nothing
      returning name`;
    if (made !== undefined) {
      await raiseAccessVersion(transaction);
      await recordAudit(transaction, {
        actor: OPERATOR,
        action: "key.created",
        target: parsed.id,
        details: { name: made.name },
      });
      return true;
    }
    const [stored] = await transaction<
      { hash: string }[]
    >`select secret_hash as hash from api_keys where id = ${parsed.id}`;
    if (stored?.hash !== hash) throw new Error(`ADMIN_KEY: there is a key ${parsed.id} already, with another secret`);
    return false;
  });
}

/** Makes a new key that may do everything; this is the only time its token is seen. */
export async function makeAdminKey({ url, log }: { readonly url: string; readonly log: Tell }): Promise<string> {
  const { token } = newKeyToken();
  await inMigrationSession({ url, lock: KEY_LOCK, log }, (sql) => putAdminKey(sql, token));
  return token;
}
