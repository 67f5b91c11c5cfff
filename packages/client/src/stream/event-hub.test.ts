import { EventHub } from "./event-hub.js";
import type { StreamEvent } from "./events.js";

const event: StreamEvent = { type: "status", status: "live" };

describe("an event hub", () => {
  it("hands an event to everybody though a listener throws, and throws its error by itself", async () => {
    const thrown: (() => void)[] = [];
    const spy = jest.spyOn(globalThis, "queueMicrotask").mockImplementation((callback) => thrown.push(callback));
    const hub = new EventHub();
    const heard: string[] = [];
    hub.on("status", () => {
      throw new Error("of a listener");
    });
    hub.on("status", ({ status }) => heard.push(status));
    const loop = hub.read(
      10,
      () => undefined,
      () => undefined,
    );
    hub.emit(event);
    spy.mockRestore();
    expect(heard).toEqual(["live"]);
    await expect(loop.next()).resolves.toEqual({ done: false, value: event });
    expect(thrown).toHaveLength(1);
    expect(thrown[0]).toThrow("of a listener");
  });
});
