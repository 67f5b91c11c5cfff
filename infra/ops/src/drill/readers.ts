import { setTimeout as sleep } from "node:timers/promises";
import type { FxClient } from "@fx-ohlc/client";
import { count } from "./producer.js";

/** Between two reads of one reader, ms. */
const READ_EVERY_MS = 50;

/** What readers saw together. */
export interface Reading {
  readonly answered: number;
  /** None of them was repeated. */
  readonly failures: Readonly<Record<string, number>>;
  /** Answers whose bars held fewer ticks than had been acknowledged before they were asked for. */
  readonly behind: number;
}

/**
 * Asks for the drill's minute bars again and again, each time once.
 *
 * @param client one that does not repeat what fails
 * @param acknowledged grows meanwhile
 */
export async function read(
  client: FxClient,
  { symbol, start, readers }: { readonly symbol: string; readonly start: string; readonly readers: number },
  isOver: () => boolean,
  acknowledged: ReadonlySet<string>,
): Promise<Reading> {
  const failures: Record<string, number> = {};
  let answered = 0;
  let behind = 0;
  const once = async (): Promise<void> => {
    const owed = acknowledged.size;
    try {
      let ticks = 0;
      for await (const bar of client.bars({ symbol, start, interval: "minute" })) ticks += bar.tick_count;
      answered += 1;
      if (ticks < owed) behind += 1;
    } catch (error) {
      count(failures, error);
    }
  };
  const work = async (): Promise<void> => {
    while (!isOver()) {
      await once();
      await sleep(READ_EVERY_MS);
    }
  };
  await Promise.all(Array.from({ length: readers }, work));
  return { answered, failures, behind };
}
