import { Command, CommanderError } from "commander";
import { addArchiveCommand } from "./archive/command.js";
import { tokenOf } from "./connection.js";
import { addExportCommand } from "./export/command.js";
import { addFeedCommand } from "./feed/command.js";
import { addFormatsCommand } from "./formats/command.js";
import { addImportCommand } from "./import/command.js";
import { addKeysCommand } from "./keys/command.js";
import { addQualityCommand } from "./quality/command.js";
import { hintOf, withoutTokens } from "./refusal.js";
import { addReplayCommand } from "./replay/command.js";
import { addSimulateCommand } from "./simulate/command.js";
import { type Context, EXIT, type Finish } from "./terminal.js";
import { addWatchCommand } from "./watch/command.js";

function createProgram(context: Context, finish: Finish): Command {
  const program = new Command("fx-ticks")
    .description("Ticks into an fx-ohlc system, and what comes out of it.")
    .version(context.version, "--version", "print the version")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.terminal.out(text.trimEnd()),
      writeErr: (text) => context.terminal.say(withoutTokens(text.trimEnd())),
      outputError: (text, write) => write(text.replace(/^error: /, "fx-ticks: ")),
    });
  addImportCommand(program, context, finish);
  addFormatsCommand(program, context);
  addExportCommand(program, context, finish);
  addSimulateCommand(program, context, finish);
  addReplayCommand(program, context, finish);
  addFeedCommand(program, context, finish);
  addWatchCommand(program, context, finish);
  addQualityCommand(program, context, finish);
  addArchiveCommand(program, context, finish);
  addKeysCommand(program, context, finish);
  return program;
}

/**
 * Runs one command.
 *
 * @param args what follows the program's name
 * @returns the exit code; every failure has been said, in one line, and in another what can be done about a refusal
 */
export async function run(args: readonly string[], context: Context): Promise<number> {
  let exitCode: number = EXIT.done;
  const program = createProgram(context, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(args, { from: "user" });
    return exitCode;
  } catch (error) {
    // Commander has said what is wrong with the arguments, or printed the help it was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.failed;
    if (context.signal.aborted) return EXIT.interrupted;
    context.terminal.say(`fx-ticks: ${error instanceof Error ? error.message : String(error)}`);
    const hasToken = tokenOf(context.environment) !== undefined || args.some((arg) => arg.startsWith("--token"));
    const hint = hintOf(error, hasToken);
    if (hint !== undefined) context.terminal.say(hint);
    return EXIT.failed;
  }
}
