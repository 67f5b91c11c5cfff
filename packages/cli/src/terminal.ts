import type { Readable, Writable } from "node:stream";

/** Where a command writes: results on one stream, everything about the run itself on the other. */
export interface Terminal {
  /** A line of the result. */
  out(line: string): void;
  /** A line for the person who started the command. */
  say(line: string): void;
  /** Where progress is drawn; undefined when nobody is watching. */
  readonly display: NodeJS.WritableStream | undefined;
  /** Where a result is drawn that changes; undefined when it goes to a file or a pipe. */
  readonly screen: Screen | undefined;
}

/** A terminal that can be drawn upon. */
export interface Screen {
  readonly stream: NodeJS.WritableStream;
  /** Its width in characters, which may change. */
  columns(): number;
}

/** Variables of the process: `FX_TOKEN` and `FX_TOKEN_FILE` are what is read of them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What a command gets from the process it runs in. */
export interface Context {
  /** Of the program. */
  readonly version: string;
  readonly terminal: Terminal;
  /** Aborts when the person interrupts the command. */
  readonly signal: AbortSignal;
  readonly environment: Environment;
  readonly stdin: Readable;
  /** Where a result goes that is no text for people. */
  readonly stdout: Writable;
  /** A directory of this user's where a command may remember things. */
  readonly stateDirectory: string;
}

/** Exit codes, as the help says them. */
export const EXIT = { done: 0, failed: 1, skipped: 2, interrupted: 130 } as const;

/** Takes the exit code of the command that ran. */
export type Finish = (exitCode: number) => void;

/** `1234567` as `1,234,567`. */
export function grouped(count: number): string {
  return count.toLocaleString("en-US");
}

/** `1 tick`, `1,234 ticks`. */
export function counted(count: number, noun: string): string {
  return `${grouped(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** A duration in the words of a person: `2.9 s`, `3 min 20 s`, `2 h 5 min`. */
export function duration(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.floor(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
