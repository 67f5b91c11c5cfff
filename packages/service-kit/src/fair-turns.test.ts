import { Ending } from "./ending.js";
import { FairTurns } from "./fair-turns.js";

const OPTIONS = { runningMax: 3, runningPerCallerMax: 2, waitingMax: 10, waitingPerCallerMax: 8, whenFull: "full" };

/** Tasks that end when they are told to, and who has begun so far. */
function workshop() {
  const turns = new FairTurns(OPTIONS);
  const begun: string[] = [];
  const ends: (() => void)[] = [];
  const failures: unknown[] = [];
  const ask = (caller: string, ending?: Ending) => {
    const task = () => {
      begun.push(caller);
      return new Promise<void>((resolve) => ends.push(resolve));
    };
    turns.run(caller, task, ending).catch((error: unknown) => failures.push(error));
  };
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  const endNext = async () => {
    ends.shift()?.();
    await settled();
  };
  return { begun, failures, ask, endNext, settled };
}

test("one caller leaves a place to others, and callers take turns however many each has waiting", async () => {
  const { begun, ask, endNext } = workshop();
  for (let i = 0; i < 6; i += 1) ask("many");
  expect(begun).toEqual(["many", "many"]);
  ask("few");
  ask("few");
  ask("other");
  expect(begun).toEqual(["many", "many", "few"]);
  for (let i = 0; i < 4; i += 1) await endNext();
  expect(begun).toEqual(["many", "many", "few", "other", "many", "few", "many"]);
});

test("a place goes to who has the fewest, whoever has waited longer", async () => {
  const { begun, ask, endNext } = workshop();
  for (const caller of ["a", "a", "b", "a", "b", "other"]) ask(caller);
  expect(begun).toEqual(["a", "a", "b"]);
  await endNext();
  expect(begun.at(-1)).toBe("other");
});

test("those for whom there is no room to wait are told so with 503", async () => {
  const { ask, failures, settled } = workshop();
  for (let i = 0; i < 11; i += 1) ask("many");
  ask("other");
  await settled();
  expect(failures).toEqual([expect.objectContaining({ status: 503, message: "full" })]);
});

test("who ends while waiting leaves its place in the line", async () => {
  const { begun, ask, failures, endNext, settled } = workshop();
  const ending = new Ending();
  for (const caller of ["many", "many"]) ask(caller);
  ask("many", ending);
  ask("many");
  ending.end(new Error("gone"));
  await settled();
  expect(failures).toEqual([new Error("gone")]);
  await endNext();
  expect(begun).toHaveLength(3);
});
