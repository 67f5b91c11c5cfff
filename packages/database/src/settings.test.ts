import { whyNotServed } from "./settings.js";

test("a build works on its own schema and on every newer one that serves it", () => {
  expect(whyNotServed({ version: 7, servesFrom: 0 }, 7)).toBeUndefined();
  expect(whyNotServed({ version: 9, servesFrom: 6 }, 7)).toBeUndefined();
  expect(whyNotServed({ version: 9, servesFrom: 7 }, 7)).toBeUndefined();
});

test("a build refuses an older schema, and a newer one that serves it no more, with what to do", () => {
  expect(whyNotServed({ version: 6, servesFrom: 0 }, 7)).toMatch(/version 6.*needs 7: run fx-migrate$/);
  expect(whyNotServed({ version: 9, servesFrom: 8 }, 7)).toMatch(/version 9.*know 8 or newer.*knows 7: upgrade it$/);
});
