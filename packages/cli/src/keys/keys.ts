import { FxClient, type NewKey } from "@fx-ohlc/client";
import type { Connection } from "../connection.js";
import { type Context, counted, EXIT } from "../terminal.js";
import { describeKey, keyLines } from "./key-lines.js";

/** Makes a key. Its token is all that goes to standard output, so that a script can take it. @returns the exit code */
export async function createKey(key: NewKey, connection: Connection, { terminal, signal }: Context): Promise<number> {
  const created = await new FxClient(connection).keys.create(key, { signal });
  terminal.out(created.token);
  terminal.say(`${describeKey(created)}; its token is shown this once`);
  return EXIT.done;
}

export interface ListOptions extends Connection {
  /** As the service answers it, a key a line. */
  readonly json?: boolean;
}

/** Prints the keys there are. @returns the exit code */
export async function listKeys({ json, ...connection }: ListOptions, { terminal, signal }: Context): Promise<number> {
  const keys = await new FxClient(connection).keys.list({ signal });
  for (const line of json ? keys.map((key) => JSON.stringify(key)) : keyLines(keys)) terminal.out(line);
  return EXIT.done;
}

/** Ends keys. @returns the exit code */
export async function revokeKeys(ids: readonly string[], connection: Connection, context: Context): Promise<number> {
  const { terminal, signal } = context;
  const client = new FxClient(connection);
  for (const id of ids) await client.keys.revoke(id, { signal });
  terminal.say(`${counted(ids.length, "key")} revoked: refused everywhere within 5 s`);
  return EXIT.done;
}
