import type { Command } from "commander";
import type { Context } from "../terminal.js";
import { FORMATS } from "../tick-file/formats/formats.js";

/** A list of what files of ticks can be. */
export function addFormatsCommand(program: Command, { terminal }: Context): void {
  const width = Math.max(...FORMATS.map(({ name }) => name.length));
  program
    .command("formats")
    .summary("list the formats of files that import and replay know")
    .description("Lists the formats of files that import and replay know, by the names that --format takes.")
    .action(() => {
      for (const { name, about } of FORMATS) terminal.out(`${name.padEnd(width)}  ${about}`);
    });
}
