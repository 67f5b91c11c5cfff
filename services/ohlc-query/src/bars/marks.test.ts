import { type Mark, Marks } from "./marks.js";

const mark = (id: string, us: number): Mark => ({ id, closedTo: { minute: us, hour: us, day: us } });
const [M1, M2, M3] = [mark("1", 100), mark("2", 200), mark("3", 300)];

/** A database whose marks are some, the last of them the present one. */
function answer(marks: Marks, ...database: [Mark, ...Mark[]]): Mark | undefined {
  const { asked } = marks;
  const has = (known: Mark | undefined) => database.some(({ id }) => id === known?.id);
  const present = database.at(-1) ?? database[0];
  return marks.note(asked, { present, hasPlanned: has(asked.planned), hasNewest: has(asked.newest) });
}

let resets = 0;
let marks: Marks;
beforeEach(() => {
  marks = new Marks(() => {
    resets += 1;
  });
  answer(marks, M1);
  resets = 0;
});

test("what is closed grows with the database's marks", () => {
  expect(answer(marks, M1, M2)).toBe(M2);
  expect(marks.asked).toEqual({ planned: M2, newest: M2 });
  expect(resets).toBe(0);
});

test("a statement that was planned before another had seen more keeps no more than it was planned by", () => {
  const { asked } = marks;
  answer(marks, M1, M2);
  expect(marks.note(asked, { present: M3, hasPlanned: true, hasNewest: true })).toBe(M1);
  expect(marks.asked.newest).toBe(M2);
});

test("a standby that lags is believed no more than it has, and nothing is forgotten for it", () => {
  answer(marks, M1, M2);
  expect(answer(marks, M1)).toBeUndefined();
  expect(marks.asked).toEqual({ planned: M1, newest: M2 });
  expect(answer(marks, M1, M2, M3)).toBe(M3);
  expect(resets).toBe(0);
});

test("a database that was put back, and one that went on without the last commits, are other histories", () => {
  answer(marks, M1, M2);
  answer(marks, mark("before", 50));
  expect(resets).toBe(1);
  answer(marks, mark("before", 50), M1);
  answer(marks, mark("before", 50), M1, M2);
  // A standby of M1 takes over.
  answer(marks, M1);
  expect(resets).toBe(1);
  expect(answer(marks, M1, mark("other", 150))).toBe(M1);
  expect(resets).toBe(1);
  const other = mark("another", 250);
  expect(answer(marks, M1, mark("other", 150), other)).toBe(other);
  expect(resets).toBe(2);
});

test("a statement of a history that was forgotten meanwhile may keep nothing", () => {
  const { asked } = marks;
  answer(marks, mark("restored", 10));
  expect(marks.note(asked, { present: M2, hasPlanned: true, hasNewest: true })).toBeUndefined();
  expect(marks.asked.planned?.id).toBe("restored");
});
