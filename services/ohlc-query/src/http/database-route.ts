import type { Reader } from "../reader.js";
import { readIdentity } from "../stream-identity.js";
import type { Answer } from "./answer.js";

/**
 * `GET /internal/database`: which database the primary is at this moment, read from it for each answer. A gateway that sees
 * another incarnation knows that what it holds may never have happened.
 */
export function getDatabase(reader: Reader) {
  return async (): Promise<Answer> => ({ body: JSON.stringify(await reader.read(readIdentity)) });
}
