import type { KeptWithRows } from "../bars/chunk.js";
import type { BodyPiece } from "../formats/bars-body.js";
import { type EncodedRows, inOwnMemory } from "../formats/encoded-rows.js";
import type { BodyPart, KeptBlock } from "./answer.js";
import { type DeflatedPart, deflatedPart } from "./gzip-member.js";

/** Fewer bytes are compressed anew each time. */
const BYTES_MIN = 8 * 1024;
/** What a compressed part takes besides its bytes. */
const OVERHEAD_BYTES = 500;

/** All rows of a chunk in one format. */
class KeptRows implements KeptBlock {
  #known: DeflatedPart | undefined;
  #making: Promise<DeflatedPart> | undefined;

  constructor(
    private readonly raw: Buffer,
    private readonly memory: KeptWithRows,
  ) {}

  get known(): DeflatedPart | undefined {
    return this.#known;
  }

  make(): Promise<DeflatedPart> {
    this.#making ??= this.#make();
    return this.#making;
  }

  async #make(): Promise<DeflatedPart> {
    try {
      const made = await deflatedPart(this.raw);
      const known = { ...made, deflated: inOwnMemory(made.deflated) };
      this.#known = known;
      this.memory.add(known.deflated.length + OVERHEAD_BYTES);
      return known;
    } catch (error) {
      this.#making = undefined;
      throw error;
    }
  }
}

/** As long as their rows are kept: of all of them, and of all but the first. */
const keptAll = new WeakMap<EncodedRows, KeptRows>();
const keptLater = new WeakMap<EncodedRows, KeptRows>();

function keptRows({ raw, whole }: BodyPiece): KeptRows | undefined {
  if (whole === undefined || raw.length < BYTES_MIN) return undefined;
  const kept = whole.isFirstLeftOut ? keptLater : keptAll;
  const known = kept.get(whole.rows) ?? new KeptRows(raw, whole.chunk.keptWithRows);
  kept.set(whole.rows, known);
  return known;
}

/** Whether most of a body is what chunks hold, so that it is worth keeping it compressed. */
export function isMostlyWhole(pieces: readonly BodyPiece[]): boolean {
  const bytes = (some: readonly BodyPiece[]) => some.reduce((sum, { raw }) => sum + raw.length, 0);
  const whole = pieces.filter(({ raw, whole }) => whole !== undefined && raw.length >= BYTES_MIN);
  return bytes(whole) * 2 > bytes(pieces);
}

/** The parts of a body with where they are kept compressed, or will be when that is asked for first. */
export function keptParts(pieces: readonly BodyPiece[]): BodyPart[] {
  return pieces.map((piece) => {
    const block = keptRows(piece);
    return block === undefined ? { raw: piece.raw } : { raw: piece.raw, kept: block };
  });
}
