import fc from "fast-check";
import { GatheredBytes } from "./gathered-bytes.js";

test("pieces of any size are handed out as they came", () => {
  const pieces = fc.array(fc.uint8Array({ maxLength: 9000 }), { maxLength: 20 });
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 3 }), (turns) => {
      const gathered = new GatheredBytes();
      for (const turn of turns) {
        for (const piece of turn) gathered.add(Buffer.from(piece));
        expect(gathered.take()).toEqual(Buffer.concat(turn));
        expect(gathered.length).toBe(0);
      }
    }),
  );
});
