import { FxClient, type TickInput } from "../src/index.js";
import { answer, hangUp, ScriptedServer } from "./scripted-server.js";

const RESULT = { created: 2, duplicates: 0, lines: 2, message: "" };

let server: ScriptedServer;
let client: FxClient;

beforeAll(async () => {
  server = await ScriptedServer.start();
  client = new FxClient({ url: server.url, retry: { attemptsMax: 3, baseMs: 1 } });
});
afterAll(() => server.stop());

/** Ticks that count their bytes. */
class Source {
  bytes = 0;
  /** Resolves when nobody wants more ticks. */
  readonly closed: Promise<void>;
  #close = () => {};

  constructor() {
    this.closed = new Promise((resolve) => {
      this.#close = resolve;
    });
  }

  async *ticks(count: number): AsyncGenerator<TickInput> {
    try {
      for (let n = 0; n < count; n += 1) {
        const tick = { symbol: "EURUSD", price: 1.1, time: "2025-12-05T10:00:00.000000Z" };
        this.bytes += JSON.stringify(tick).length + 1;
        yield tick;
      }
    } finally {
      this.#close();
    }
  }
}

describe("streamTicks", () => {
  it("sends NDJSON, or CSV with a header, in the source's order", async () => {
    const ticks = [
      { symbol: "EURUSD", price: 1.1, time: "2025-12-05T10:00:00Z", seq: 0 },
      { symbol: "EURUSD", price: 1.2, time: "2025-12-05T10:00:00Z", seq: 1 },
    ];
    server.script(answer(201, RESULT), answer(201, RESULT));
    await expect(client.streamTicks(ticks)).resolves.toEqual(RESULT);
    await client.streamTicks(ticks, { format: "csv", onError: "skip" });
    expect(server.received).toEqual([
      {
        method: "POST",
        path: "/ticks/bulk",
        type: "application/x-ndjson",
        body: ticks.map((tick) => `${JSON.stringify(tick)}\n`).join(""),
      },
      {
        method: "POST",
        path: "/ticks/bulk?on_error=skip",
        type: "text/csv",
        body: "time,symbol,price,seq\n2025-12-05T10:00:00Z,EURUSD,1.1,0\n2025-12-05T10:00:00Z,EURUSD,1.2,1\n",
      },
    ]);
  });

  it("sends quotes as CSV with both sides, and neither among single prices nor where some have numbers", async () => {
    const time = "2025-12-05T10:00:00Z";
    const quotes = [{ time, bid: 1.1, ask: 1.2 }];
    server.script(answer(201, RESULT), answer(201, RESULT), answer(201, RESULT));
    await client.streamTicks(quotes, { format: "csv" });
    await client.streamTicks([], { format: "csv" });
    expect(server.received.map(({ body }) => body)).toEqual([
      `time,symbol,bid,ask\n${time},EURUSD,1.1,1.2\n`,
      "time,symbol,price\n",
    ]);
    const both = client.streamTicks([...quotes, { time, price: 1 }], { format: "csv" });
    await expect(both).rejects.toThrow("prices or quotes");
    const numbered = client.streamTicks([...quotes, { ...quotes[0], time, seq: 1 }], { format: "csv" });
    await expect(numbered).rejects.toThrow("numbers or none");
  });

  it("reads the source no further ahead of a slow service than what the sockets hold", async () => {
    const source = new Source();
    let bytesReceived = 0;
    let bytesAheadMax = 0;
    server.scriptRaw(async (request, response) => {
      for await (const chunk of request) {
        bytesReceived += (chunk as Buffer).length;
        bytesAheadMax = Math.max(bytesAheadMax, source.bytes - bytesReceived);
        await new Promise(setImmediate);
      }
      answer(201, RESULT)(request, response);
    });
    await client.streamTicks(source.ticks(600_000));
    expect(bytesReceived).toBeGreaterThan(40_000_000);
    expect(bytesAheadMax).toBeLessThan(16_000_000);
  });

  it("closes the source when the service refuses a line, and throws the problem", async () => {
    const source = new Source();
    server.scriptRaw((request, response) => {
      request.once("data", () => {
        request.pause();
        answer(422, { title: "refused", detail: "line 7" })(request, response);
      });
    });
    await expect(client.streamTicks(source.ticks(Number.POSITIVE_INFINITY))).rejects.toMatchObject({ status: 422 });
    await source.closed;
  });

  it("throws the source's own error", async () => {
    server.script(answer(201, RESULT));
    async function* broken(): AsyncGenerator<TickInput> {
      yield { price: 1 };
      throw new Error("the file ended");
    }
    await expect(client.streamTicks(broken())).rejects.toThrow(/the file ended/);
  });

  it("does not repeat what it cannot read again", async () => {
    server.script(hangUp, answer(201, RESULT));
    await expect(client.streamTicks([{ price: 1 }])).rejects.toThrow("cannot be reached");
    expect(server.received).toHaveLength(1);
  });
});

describe("postLines", () => {
  it("repeats a body that is at hand as a whole", async () => {
    server.script(hangUp, answer(201, RESULT));
    await expect(client.postLines("time,price\n", { format: "csv" })).resolves.toEqual(RESULT);
    expect(server.received.map(({ body }) => body)).toEqual(["time,price\n", "time,price\n"]);
  });
});
