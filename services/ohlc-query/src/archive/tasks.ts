import type { FileTicks, TickFileRange } from "@fx-ohlc/archive";
import type { DroppedDay } from "./dropped-days.js";

/** Which ticks of a day's file to read. */
export interface FileRead {
  /** Where the dataset lies. */
  readonly url: string;
  readonly day: DroppedDay;
  readonly range: TickFileRange;
}

/** What is asked of a thread; without `read` that something it was asked for is wanted no more. */
export interface Task {
  readonly id: number;
  readonly read?: FileRead;
}

/** What a thread found. */
export interface TaskDone {
  readonly id: number;
  readonly ticks?: FileTicks;
  readonly failure?: Failure;
}

/** Errors lose their class on the way between threads. */
export interface Failure {
  readonly name: string;
  readonly message: string;
}
