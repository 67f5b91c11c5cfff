import { DeadlineError, withDeadline } from "./deadline.js";

describe("withDeadline", () => {
  test("passes on a value and a rejection that come in time", async () => {
    await expect(withDeadline(Promise.resolve(7), 1000, "work")).resolves.toBe(7);
    await expect(withDeadline(Promise.reject(new Error("no")), 1000, "work")).rejects.toThrow("no");
  });

  test("rejects what never settles, naming it and its deadline", async () => {
    const never = new Promise(() => undefined);
    await expect(withDeadline(never, 5, "a frozen query")).rejects.toThrow(new DeadlineError("a frozen query", 5));
  });

  test("swallows a rejection that comes after the deadline", async () => {
    let reject: (error: Error) => void = () => undefined;
    const late = new Promise((_resolve, fail) => {
      reject = fail;
    });
    await expect(withDeadline(late, 1, "work")).rejects.toThrow(DeadlineError);
    reject(new Error("too late"));
    await new Promise(setImmediate);
  });
});
