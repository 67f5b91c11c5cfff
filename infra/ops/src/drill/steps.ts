import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";

/** Something that is done to the system while a drill runs. */
export interface Step {
  /** After the beginning, s; a step that takes longer puts off those after it. */
  readonly atS: number;
  /** For the shell. What it prints goes to this process's stderr. */
  readonly command: string;
}

/** How a step ended. */
export interface StepOutcome extends Step {
  readonly tookMs: number;
}

/**
 * Does one step after the other.
 *
 * @throws Error when a command fails: what it was to break was not broken, and the drill shows nothing
 */
export async function take(steps: readonly Step[]): Promise<StepOutcome[]> {
  const startedMs = performance.now();
  const outcomes: StepOutcome[] = [];
  for (const step of steps) {
    await sleep(Math.max(0, step.atS * 1000 - (performance.now() - startedMs)));
    const beganMs = performance.now();
    await run(step.command);
    outcomes.push({ ...step, tookMs: Math.round(performance.now() - beganMs) });
  }
  return outcomes;
}

async function run(command: string): Promise<void> {
  const child = spawn(command, { shell: true, stdio: ["ignore", process.stderr.fd, process.stderr.fd] });
  const [code, signal] = await once(child, "exit");
  if (code !== 0) throw new Error(`\`${command}\` ended with ${signal ?? code}`);
}
