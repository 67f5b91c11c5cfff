import type { WrongAnswer } from "./history-run.js";

/** A wrong answer in words. */
export function told({ answer, verdict }: WrongAnswer): string {
  const { body: _body, ...rest } = answer;
  return JSON.stringify({ ...rest, ...verdict }, undefined, 1).replaceAll("\\n", "\n");
}
