import { type Connection, type ConnectionEvent, FIRST_CONNECTION, reduceConnection, statusOf } from "./connection.js";

function after(...events: ConnectionEvent[]): Connection {
  return events.reduce(reduceConnection, FIRST_CONNECTION);
}

const UP: ConnectionEvent = { type: "up", atMs: 1_000 };
const DOWN: ConnectionEvent = { type: "down", atMs: 5_000, retryMs: 2_000, reason: "1006" };
const BACK: ConnectionEvent = { type: "up", atMs: 9_000 };

describe("the connection's state", () => {
  it("is connected as soon as the stream is there for the first time", () => {
    expect(statusOf(after(), 0).name).toBe("connecting");
    expect(statusOf(after(UP), 1_000).name).toBe("connected");
  });

  it("is offline after a loss, says when it heard the last, and counts down to the next attempt", () => {
    const { name, detail } = statusOf(after(UP, DOWN), 5_500);
    expect(name).toBe("offline");
    expect(detail).toContain("since 00:00:01 UTC");
    expect(detail).toContain("Next attempt in 2 s");
    expect(statusOf(after(UP, DOWN, { type: "attempt", atMs: 7_000 }), 7_100).detail).toContain("Connecting again");
  });

  it("catches up before it is connected again, and says that nothing is missing", () => {
    const back = after(UP, DOWN, BACK, { type: "late-ticks", count: 12 });
    expect(statusOf(back, 9_000).name).toBe("catching-up");
    const done = reduceConnection(back, { type: "caught-up", atMs: 9_500 });
    expect(statusOf(done, 9_500).name).toBe("connected");
    expect(done.log[0]?.text).toBe("Resumed without a hole: 12 ticks caught up, bars read again");
  });

  it("says where the hole is when there is one", () => {
    const hole = { what: "Ticks of EURUSD were lost", from: "1970-01-01T00:00:05Z", to: "1970-01-01T00:00:08Z" };
    const events: ConnectionEvent[] = [UP, DOWN, BACK, { type: "hole", atMs: 9_100, hole }];
    const done = after(...events, { type: "caught-up", atMs: 9_500 });
    expect(done.log[0]?.text).toBe("Resumed with a declared hole");
    expect(done.log[1]?.text).toBe("Ticks of EURUSD were lost, 00:00:05 to 00:00:08 UTC");
  });

  it("counts a loss with several failed attempts as one", () => {
    const connection = after(UP, DOWN, { ...DOWN, atMs: 8_000 }, { ...DOWN, atMs: 12_000 });
    expect(connection.lostAtMs).toBe(1_000);
    expect(connection.log.filter(({ text }) => text.startsWith("Connection lost"))).toHaveLength(1);
  });

  it("is stale when nothing was heard for long though nothing broke", () => {
    expect(statusOf(after(UP), 12_000).name).toBe("connected");
    expect(statusOf(after(UP), 14_000).name).toBe("stale");
    expect(statusOf(after(UP, { type: "heard", atMs: 13_000 }), 14_000).name).toBe("connected");
  });

  it("reads prices now and then where the stream is closed for good, says so, and when they are old", () => {
    const closed = after({ type: "closed", atMs: 1_000, reason: "This needs the scope stream." });
    expect(statusOf(closed, 1_000).name).toBe("offline");
    const polled = reduceConnection(closed, { type: "polled", atMs: 2_000 });
    const { name, word, detail } = statusOf(polled, 7_000);
    expect([name, word]).toEqual(["polling", "Polled"]);
    expect(detail).toBe("No live stream: This needs the scope stream. Prices are read every few seconds.");
    expect(statusOf(polled, 20_000).name).toBe("stale");
    // What is read says nothing of a stream that is there, or will be.
    expect(statusOf(after(UP, DOWN, { type: "polled", atMs: 6_000 }), 6_000).name).toBe("offline");
  });
});
