import { entityTag, matches } from "./conditional.js";

test("equal bytes have one tag, others another", () => {
  expect(entityTag(Buffer.from("[]"))).toBe(entityTag(Buffer.from("[]")));
  expect(entityTag(Buffer.from("[]"))).not.toBe(entityTag(Buffer.from("[ ]")));
  expect(entityTag(Buffer.from("[]"))).toMatch(/^"[\w-]+"$/);
});

test("a tag is found alone, weak, in a list, and by a star", () => {
  for (const header of ['"a"', 'W/"a"', '"b", "a"', '"b",W/"a" ,"c"', "*", " * "])
    expect(matches(header, '"a"')).toBe(true);
  for (const header of [undefined, "", '"b"', "a", '"a', '"ab"']) expect(matches(header, '"a"')).toBe(false);
});
