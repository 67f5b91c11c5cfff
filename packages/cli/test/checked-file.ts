import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Command, temporaryDirectory } from "./command.js";

let directory: ReturnType<typeof temporaryDirectory>;
beforeAll(() => {
  directory = temporaryDirectory();
});
afterAll(() => directory.remove());

let count = 0;

/** A file in a folder of its own. */
export function written(name: string, content: string | Uint8Array): string {
  count += 1;
  const path = join(directory.path, String(count), name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
}

/** The first tick that would be stored, or what is said instead. */
export async function first(path: string, ...args: string[]): Promise<string> {
  const { out, said } = await new Command("import", "--check", path, ...args).run({ stateDirectory: directory.path });
  return said[0] ?? out.find((line) => line.startsWith("  first: "))?.slice("  first: ".length) ?? out.join("\n");
}

/** Of the ticks that most of the files hold. */
export const AT = "2024-01-02T10:00:00.000000Z";
export const AT_123 = "2024-01-02T10:00:00.123000Z";
export const QUOTE = "EURUSD 1.10100 1.10110";
