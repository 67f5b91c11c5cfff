import { uploadOf } from "./upload.js";

test("a source whose ticks are all there leaves the process its turns", async () => {
  let turned = false;
  setTimeout(() => {
    turned = true;
  });
  const giveUpMs = performance.now() + 3000;
  function* ticks() {
    while (!turned && performance.now() < giveUpMs) yield { symbol: "A", price: 1 };
  }
  const { body } = uploadOf(ticks(), (tick) => tick);
  for await (const piece of body) expect(piece.length).toBeGreaterThan(0);
  expect(turned).toBe(true);
});
