import { type Ending, FairTurns, LoopTurns } from "@fx-ohlc/service-kit";
import type { Piece } from "../formats/table-text.js";

/** Text of so few rows takes no longer than a short answer, and no turn. */
const SHORT_ROWS = 500;
/** Each who waits has a place among the long answers, which bounds them. */
const ONE_AT_A_TIME = {
  ...{ runningMax: 1, runningPerCallerMax: 1, whenFull: "Too many pages wait." },
  ...{ waitingMax: Number.POSITIVE_INFINITY, waitingPerCallerMax: Number.POSITIVE_INFINITY },
};

/**
 * Makes the texts of long answers one at a time, in turns of the event loop, so that short answers are served between them. Callers
 * take turns, however many answers each has under way; of one caller, first pages take turns with all later ones.
 */
export class PageTurns {
  readonly #lines = new FairTurns(ONE_AT_A_TIME);
  readonly #loop = new LoopTurns();

  /** @throws the reason to end when there is one before its turn */
  async make(piece: Piece, isFirst: boolean, ending: Ending): Promise<Buffer> {
    if (piece.rows <= SHORT_ROWS) return bytesOf(piece);
    const line = `${isFirst ? "first" : "later"} ${ending.caller}`;
    const inTurn = async () => {
      await this.#loop.next();
      return bytesOf(piece);
    };
    return this.#lines.run(line, inTurn, ending);
  }
}

/** Bytes lie outside of the heap, however long their reader takes. */
function bytesOf({ make }: Piece): Buffer {
  const text = make();
  return typeof text === "string" ? Buffer.from(text) : text;
}
