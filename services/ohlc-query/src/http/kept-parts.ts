import type { BodyPiece } from "../formats/bars-body.js";
import type { EncodedRows } from "../formats/encoded-rows.js";
import type { BodyPart } from "./answer.js";
import { type DeflatedPart, deflatedPart } from "./gzip-member.js";

/** Fewer bytes are compressed anew each time. */
const BYTES_MIN = 8 * 1024;
/** What a compressed part takes besides its bytes. */
const OVERHEAD_BYTES = 500;

/** As long as their rows are kept. */
const kept = new WeakMap<EncodedRows, Promise<DeflatedPart>>();

function deflated({ raw, whole }: BodyPiece): Promise<DeflatedPart> | undefined {
  if (whole === undefined || raw.length < BYTES_MIN) return undefined;
  const known = kept.get(whole.rows);
  if (known !== undefined) return known;
  const made = deflatedPart(raw);
  kept.set(whole.rows, made);
  const count = (part: DeflatedPart) => whole.chunk.grow(part.deflated.length + OVERHEAD_BYTES);
  made.then(count, () => kept.delete(whole.rows));
  return made;
}

/** Whether most of a body is what chunks hold, so that it is worth keeping it compressed. */
export function isMostlyWhole(pieces: readonly BodyPiece[]): boolean {
  const bytes = (some: readonly BodyPiece[]) => some.reduce((sum, { raw }) => sum + raw.length, 0);
  const whole = pieces.filter(({ raw, whole }) => whole !== undefined && raw.length >= BYTES_MIN);
  return bytes(whole) * 2 > bytes(pieces);
}

/** The parts of a body with what is kept compressed of them, which is made when it is asked for first. */
export function keptParts(pieces: readonly BodyPiece[]): Promise<BodyPart[]> {
  return Promise.all(
    pieces.map(async (piece) => {
      const part = deflated(piece);
      return part === undefined ? { raw: piece.raw } : { raw: piece.raw, kept: await part };
    }),
  );
}
