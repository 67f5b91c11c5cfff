import { type Ending, FairTurns, LoopTurns } from "@fx-ohlc/service-kit";
import type { Piece } from "../formats/table-text.js";

/** Text of so few rows takes no longer than a short answer, and no turn. */
const SHORT_ROWS = 500;
/** Long pages that are read or made at once, some 0.5 MB each. */
const HELD_MAX = 16;
/** As many as may wait for the database, and as large a share of them for one caller. They hold nothing yet. */
const HELD = {
  ...{ runningMax: HELD_MAX, runningPerCallerMax: (HELD_MAX * 3) / 4, whenFull: "Too many long pages wait." },
  ...{ waitingMax: 500, waitingPerCallerMax: 375 },
};
/** Each who waits has a place among the long answers or the long pages, which bounds them. */
const ONE_AT_A_TIME = {
  ...{ runningMax: 1, runningPerCallerMax: 1, whenFull: "Too many pages wait." },
  ...{ waitingMax: Number.POSITIVE_INFINITY, waitingPerCallerMax: Number.POSITIVE_INFINITY },
};

/**
 * Makes the texts of answers that are long, or whose pages are, one at a time, in turns of the event loop, so that short answers are
 * served between them. Callers take turns, however many answers each has under way; of one caller, first pages take turns with all later
 * ones.
 */
export class PageTurns {
  readonly #lines = new FairTurns(ONE_AT_A_TIME);
  readonly #loop = new LoopTurns();
  readonly #held = new FairTurns(HELD);

  /** @throws the reason to end when there is one before its turn */
  make(piece: Piece, isFirst: boolean, ending: Ending): Promise<Buffer> {
    return this.run(piece.rows, isFirst, ending, () => bytesOf(piece));
  }

  /**
   * Makes something of so many rows when it is their turn.
   *
   * @throws the reason to end when there is one before that
   */
  async run<T>(rows: number, isFirst: boolean, ending: Ending, make: () => T): Promise<T> {
    if (isShort(rows)) return make();
    const line = `${isFirst ? "first" : "later"} ${ending.caller}`;
    const inTurn = async () => {
      await this.#loop.next();
      return make();
    };
    return this.#lines.run(line, inTurn, ending);
  }

  /**
   * Reads and makes a page when there is room for what it may hold.
   *
   * @throws Problem 503 when too many wait already; the reason to end when there is one before that
   */
  hold<T>(rowsMax: number, ending: Ending, page: () => Promise<T>): Promise<T> {
    return isShort(rowsMax) ? page() : this.#held.run(ending.caller, page, ending);
  }
}

/** Whether text of so many rows takes no turn. */
export function isShort(rows: number): boolean {
  return rows <= SHORT_ROWS;
}

/** Bytes lie outside of the heap, however long their reader takes. */
function bytesOf({ make }: Piece): Buffer {
  const text = make();
  return typeof text === "string" ? Buffer.from(text) : text;
}
