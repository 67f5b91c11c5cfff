import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { type FilesOptions, fileToRead, TickFiles } from "../tick-file/tick-files.js";
import { CHUNK_TICKS, type Chunk, type ChunkOptions, chunksOf } from "./chunks.js";

const SAMPLE = join(__dirname, "../../../../infra/sample/eurusd-ticks-2014-05-04_09.csv.gz");
/** The whole file is read several times, on a machine that may be busy with other tests. */
const SAMPLE_TIMEOUT_MS = 60_000;
const { signal } = new AbortController();
const DEFAULTS: ChunkOptions = { choice: undefined, shiftUs: 0, ticksMax: 2 };

/** A file that comes through standard input. */
function textOf(lines: string[], options: Partial<FilesOptions> = {}, header = "time,price"): TickFiles {
  const stdin = Readable.from([Buffer.from(`${header}\n${lines.join("\n")}\n`)]);
  const files = [{ path: "-", size: undefined }];
  return new TickFiles(files, {
    ...{ symbol: "EURUSD", choice: undefined, onUnreadable: "stop", stdin, signal },
    ...options,
  });
}

const line = (millisecond: number, price: string | number) =>
  `2025-12-05T10:00:00.${String(millisecond).padStart(3, "0")}Z,${price}`;
const sent = (millisecond: number, price: string | number, seq?: number) =>
  `2025-12-05T10:00:00.${String(millisecond).padStart(3, "0")}000Z,EURUSD,${price}${seq === undefined ? "" : `,${seq}`}`;

async function collect(files: TickFiles, options: Partial<ChunkOptions> = {}): Promise<Chunk[]> {
  const chunks: Chunk[] = [];
  for await (const chunk of chunksOf(files.batches(), { ...DEFAULTS, ...options })) chunks.push(chunk);
  return chunks;
}

/** The lines of a chunk's body without its header. */
const rowsOf = ({ body }: Chunk) => body.trimEnd().split("\n").slice(1);

describe("chunksOf", () => {
  it("makes each chunk a CSV document that leaves numbers to the service, and never splits a stamp", async () => {
    const chunks = await collect(textOf([line(1, 1.1), line(2, 1.2), line(2, 1.2), line(2, 1.3), line(3, 1.4)]));
    expect(chunks.map(({ body }) => body.split("\n")[0])).toEqual(["time,symbol,price", "time,symbol,price"]);
    expect(chunks.map(rowsOf)).toEqual([[sent(1, 1.1), sent(2, 1.2), sent(2, 1.2), sent(2, 1.3)], [sent(3, 1.4)]]);
  });

  it("obeys the numbers of a column seq, and has them in no chunk with ticks that have none", async () => {
    const numbered = textOf([line(1, "1.1,0"), line(1, "1.3,2")], {}, "time,price,seq");
    const [chunk] = await collect(numbered);
    expect(chunk?.body).toBe(`time,symbol,price,seq\n${sent(1, 1.1, 0)}\n${sent(1, 1.3, 2)}\n`);
    await expect(collect(textOf([line(1, "1.1,")], {}, "time,price,seq"))).rejects.toThrow(
      "seq must be a whole number",
    );
  });

  it("never has ticks of one stamp from two files, the second of which may repeat the first", async () => {
    const directory = mkdtempSync(join(tmpdir(), "fx-chunks-"));
    const paths = [["1,1.1", "2,1.2"], ["2,1.2", "3,1.3"], ["4,1.4"]].map((ticks, index) => {
      const lines = ticks.map((tick) => `2025-12-05T10:00:0${tick.replace(",", "Z,")}`);
      writeFileSync(join(directory, `${index}.csv`), ["time,price", ...lines].join("\n"));
      return join(directory, `${index}.csv`);
    });
    const stdin = Readable.from([]);
    const options: FilesOptions = { symbol: "EURUSD", choice: undefined, onUnreadable: "stop", stdin, signal };
    const files = new TickFiles(await Promise.all(paths.map(fileToRead)), options);
    const chunks = await collect(files, { ticksMax: 100 });
    rmSync(directory, { recursive: true });
    expect(chunks.map((chunk) => rowsOf(chunk).map((row) => row.at(-1)))).toEqual([
      ["1", "2"],
      ["2", "3", "4"],
    ]);
    expect(chunks.map(({ isOutOfOrder }) => isOutOfOrder)).toEqual([false, true]);
  });

  it("moves all times by the shift", async () => {
    const [chunk] = await collect(textOf([line(1, 1.1)]), { shiftUs: 604_800_000_000 });
    expect(chunk?.body).toContain("\n2025-12-12T10:00:00.001000Z,EURUSD,1.1\n");
    expect(chunk?.end.tick).toEqual({ symbol: "EURUSD", time: "2025-12-12T10:00:00.001000Z", prices: [1.1] });
  });

  it("marks a chunk with a tick that may share its stamp with one in another chunk", async () => {
    const chunks = await collect(textOf([line(5, 1.1), line(6, 1.2), line(4, 1.3), line(7, 1.4)]));
    expect(chunks.map(({ isOutOfOrder }) => isOutOfOrder)).toEqual([false, true]);
    expect(rowsOf(chunks[1] as Chunk)).toEqual([sent(4, 1.3), sent(7, 1.4)]);
  });

  it("gives what precedes a bad line before it stops there", async () => {
    const chunks: Chunk[] = [];
    const all = (async () => {
      const text = textOf([line(1, 1.1), line(2, "x"), line(3, 1.3)]);
      for await (const chunk of chunksOf(text.batches(), DEFAULTS)) chunks.push(chunk);
    })();
    await expect(all).rejects.toThrow("standard input: line 3: price must be a decimal number greater than 0");
    expect(chunks.flatMap(rowsOf)).toEqual([sent(1, 1.1)]);
  });

  it("leaves bad lines out when they are to be skipped, and still knows each tick's line", async () => {
    const bad: number[] = [];
    const lines = [line(1, 1.1), "garbage", "", line(2, 1.2)];
    const [chunk] = await collect(textOf(lines), { onBadLine: (skipped) => bad.push(skipped.line) });
    expect(bad).toEqual([3]);
    expect(chunk?.places.map((place) => place.line)).toEqual([2, 5]);
  });

  it("bounds a chunk of one stamp, which no service would take", async () => {
    const lines = [line(2, 1), ...Array.from({ length: 5000 }, (_, index) => line(1, index + 1))];
    const chunks = await collect(textOf(lines));
    expect(Math.max(...chunks.map(({ places }) => places.length))).toBe(1026);
  });
});

describe("chunksOf quotes", () => {
  const header = "time,price,bid,ask";
  const quote = (millisecond: number, bid: string, ask: string) => line(millisecond, `,${bid},${ask}`);

  it("sends both sides of each, and of prices among them the rows leave empty what they are not", async () => {
    const lines = [quote(1, "1.1", "1.2"), line(1, "1.3,,"), quote(2, "1.2", "1.1"), quote(3, "1.4", "1.5")];
    const [mixed, quotes] = await collect(textOf(lines, {}, header), { ticksMax: 3 });
    expect(mixed?.body.split("\n")[0]).toBe("time,symbol,price,bid,ask");
    expect(rowsOf(mixed as Chunk)).toEqual([sent(1, ",1.1,1.2"), sent(1, "1.3,,"), sent(2, ",1.2,1.1")]);
    expect([mixed?.kind, quotes?.kind]).toEqual([undefined, "quote"]);
    expect(quotes?.body).toBe(`time,symbol,bid,ask\n${sent(3, "1.4,1.5")}\n`);
    expect(quotes?.end.tick.prices).toEqual([1.4, 1.5]);
  });

  it("adds a quote to prices in a row that leaves the price empty", async () => {
    const [chunk] = await collect(textOf([line(1, "1.3,,"), quote(2, "1.2", "1.1")], {}, header));
    expect(rowsOf(chunk as Chunk)).toEqual([sent(1, "1.3,,"), sent(2, ",1.2,1.1")]);
  });

  it("keeps the numbers of a column seq in a body of both kinds", async () => {
    const lines = [line(1, ",1.1,1.2,4"), line(1, "1.3,,,5")];
    const [chunk] = await collect(textOf(lines, {}, `${header},seq`));
    expect(chunk?.body).toBe(`time,symbol,price,bid,ask,seq\n${sent(1, ",1.1,1.2", 4)}\n${sent(1, "1.3,,", 5)}\n`);
  });
});

describe("chunksOf quotes as two symbols", () => {
  it("keeps the rows of each together", async () => {
    const quotes = ["2025-12-05T10:00:00.001Z,1.1,1.2", "2025-12-05T10:00:00.001Z,1.1,1.3"];
    const files = textOf(quotes, { choice: "both" }, "time,bid,ask");
    const [chunk] = await collect(files, { choice: "both" });
    const row = (side: string, price: string) => `2025-12-05T10:00:00.001000Z,EURUSD.${side},${price}`;
    expect(rowsOf(chunk as Chunk)).toEqual([
      ...[row("BID", "1.1"), row("BID", "1.1")],
      ...[row("ASK", "1.2"), row("ASK", "1.3")],
    ]);
    expect(chunk?.symbols).toEqual(["EURUSD.BID", "EURUSD.ASK"]);
    expect(chunk?.places.map((place) => place.line)).toEqual([2, 3, 2, 3]);
    expect(chunk?.end.tick).toEqual({ symbol: "EURUSD.BID", time: "2025-12-05T10:00:00.001000Z", prices: [1.1] });
  });
});

describe("chunksOf the sample week", () => {
  const chunksFrom = async (ticksMax: number, from?: Chunk["end"]) => {
    const options: FilesOptions = {
      symbol: "EURUSD",
      choice: "mid",
      onUnreadable: "stop",
      stdin: Readable.from([]),
      signal,
    };
    const files = new TickFiles([await fileToRead(SAMPLE)], options);
    const chunks: Chunk[] = [];
    const chunking = { ...DEFAULTS, choice: "mid", ticksMax } as const;
    for await (const chunk of chunksOf(files.batches(from), chunking)) chunks.push(chunk);
    return chunks;
  };

  it(
    "has each of its 248,039 quotes once, 2,501 of them beside another of the same stamp",
    async () => {
      const chunks = await chunksFrom(CHUNK_TICKS);
      const rows = chunks.flatMap(rowsOf);
      expect(rows).toHaveLength(248_039);
      const stamps = new Set(rows.map((row) => row.slice(0, 27)));
      expect(rows.length - stamps.size).toBe(2_501);
      const stampsOf = (chunk: Chunk) => new Set(rowsOf(chunk).map((row) => row.slice(0, 27))).size;
      expect(chunks.reduce((sum, chunk) => sum + stampsOf(chunk), 0)).toBe(stamps.size);
      expect(chunks.some(({ isOutOfOrder }) => isOutOfOrder)).toBe(false);
    },
    SAMPLE_TIMEOUT_MS,
  );

  it(
    "goes on from any mark with exactly the rest",
    async () => {
      const chunks = await chunksFrom(CHUNK_TICKS);
      for (const index of [0, 17, chunks.length - 1]) {
        const end = JSON.parse(JSON.stringify(chunks[index]?.end)) as Chunk["end"];
        const rest = await chunksFrom(CHUNK_TICKS, end);
        const rested = ({ body, places }: Chunk) => ({ body, lines: String(places.map(({ line }) => line)) });
        expect(rest.map(rested)).toEqual(chunks.slice(index + 1).map(rested));
      }
    },
    SAMPLE_TIMEOUT_MS,
  );
});
