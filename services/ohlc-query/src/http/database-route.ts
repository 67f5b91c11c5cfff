import { readIdentity } from "../stream-identity.js";
import type { Answer } from "./answer.js";
import type { BarSources } from "./bar-answer.js";

/**
 * `GET /internal/database`: which database the primary is at this moment, read from it for each answer. A gateway that sees
 * another incarnation knows that what it holds may never have happened.
 */
export async function getDatabase({ reader }: BarSources): Promise<Answer> {
  return { body: JSON.stringify(await reader.read(readIdentity)) };
}
