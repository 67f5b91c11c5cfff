import { readFileSync } from "node:fs";
import type { RecordedExamples } from "@fx-ohlc/service-kit";

/** What infra/acceptance recorded of a running system and compares with one at every run. */
interface Examples {
  readonly routes: RecordedExamples;
  /** Messages of the stream by the name of their class. */
  readonly messages: Readonly<Record<string, unknown>>;
}

/** The file with the recorded examples. */
export const EXAMPLES_FILE = new URL("../examples.json", import.meta.url);

export function readExamples(): Examples {
  return JSON.parse(readFileSync(EXAMPLES_FILE, "utf8")) as Examples; // Our own file.
}
