import { createWriteStream, readFileSync } from "node:fs";
import { pipeline } from "node:stream/promises";
import { gzipSync } from "node:zlib";
import { parquetWriteBuffer } from "hyparquet-writer";
import { ZipFile } from "yazl";
import { AT, AT_123, first, QUOTE, written } from "./checked-file.js";
import { Command } from "./command.js";

const NAME = "EURUSD.csv";

async function zipped(members: Readonly<Record<string, string | Buffer>>): Promise<Buffer> {
  const zip = new ZipFile();
  for (const [name, content] of Object.entries(members)) zip.addBuffer(Buffer.from(content), name);
  zip.end();
  const path = written("x.zip", "");
  await pipeline(zip.outputStream, createWriteStream(path));
  return readFileSync(path);
}

describe("fx-ticks import of encoded and packed text", () => {
  const text = `time,price\n${AT},1.1\n`;
  const expected = `${AT} EURUSD 1.1`;

  it.each([
    ["UTF-8 with a mark", Buffer.from(`\uFEFF${text}`)],
    ["UTF-16 with a mark", Buffer.from(`\uFEFF${text}`, "utf16le")],
    ["UTF-16 the other way round", Buffer.from(`\uFEFF${text}`, "utf16le").swap16()],
    ["UTF-16 without a mark", Buffer.from(text, "utf16le")],
    ["gzip in gzip", gzipSync(gzipSync(text))],
    ["UTF-16 in gzip", gzipSync(Buffer.from(`\uFEFF${text}`, "utf16le"))],
  ])("%s", async (_what, content) => {
    await expect(first(written(NAME, content))).resolves.toBe(expected);
  });

  it("reads quoted text behind a mark, and a name behind what packs it", async () => {
    const line = '"EUR/USD","20240102 10:00:00.123","1.10100","1.10110"';
    await expect(first(written("x.csv", `\uFEFF${line}\n${line}`))).resolves.toBe(`${AT_123} ${QUOTE}`);
    const path = written("DAT_NT_EURUSD_T_LAST_202401.csv.gz", gzipSync("20240102 050000;1.1;0"));
    await expect(first(path)).resolves.toBe(expected);
  });

  it("reads an archive in an archive, and names the member", async () => {
    const inner = await zipped({ "notes.txt": "x", "EURUSD.csv": text });
    const path = written("all.zip", await zipped({ "2024.zip": inner }));
    const { out } = await new Command("import", "--check", path).run({ stateDirectory: "" });
    expect(out[0]).toBe(`${path}: 2024.zip/EURUSD.csv: csv`);
    expect(out).toContain(`  first: ${expected}`);
  });

  it("reads a name in the encoding that it is told", async () => {
    // Время, Цена in windows-1251.
    const header = Buffer.from("c2f0e5ecff2cd6e5ede0", "hex");
    const path = written(NAME, Buffer.concat([header, Buffer.from(`\n${AT},1.1\n`)]));
    await expect(first(path, "--encoding", "windows-1251", "--columns", "time=Время,price=Цена")).resolves.toBe(
      expected,
    );
    await expect(first(path, "--columns", "time=Время,price=Цена")).resolves.toContain("say --encoding");
  });

  it("reads numbers of Parquet as their columns have them", async () => {
    const bytes = parquetWriteBuffer({
      columnData: [
        { name: "time", data: [AT] },
        { name: "bid", data: [1.101] },
        { name: "ask", data: [110_104n * 10n ** 13n] },
      ],
      schema: [
        { name: "root", num_children: 3 },
        { name: "time", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "REQUIRED" },
        { name: "bid", type: "FLOAT", repetition_type: "REQUIRED" },
        {
          ...{ name: "ask", type: "FIXED_LEN_BYTE_ARRAY", type_length: 16, repetition_type: "REQUIRED" },
          ...{ converted_type: "DECIMAL", scale: 18, precision: 38 },
        },
      ],
    });
    await expect(first(written("EURUSD.parquet", Buffer.from(bytes)))).resolves.toBe(`${AT} EURUSD 1.101 1.10104`);
  });

  it("tells what it does not read from what is damaged", async () => {
    const says = (bytes: Buffer) => first(written(NAME, bytes));
    await expect(says(Buffer.from("28b52ffd0000", "hex"))).resolves.toContain("compressed by zstd: unpack it first");
    await expect(says(await zipped({ "xl/workbook.xml": "<x/>" }))).resolves.toContain("an Excel workbook");
    const tar = Buffer.alloc(1024);
    tar.write("ustar", 257);
    await expect(says(gzipSync(tar))).resolves.toContain("a tar archive: unpack it first");
    await expect(says(Buffer.from("425a68393141592653590000", "hex"))).resolves.toContain(
      "bzip2 data is cut off or damaged",
    );
    await expect(says(Buffer.from("fd377a585a000004", "hex"))).resolves.toContain("xz data is cut off or damaged");
    await expect(says(gzipSync(text).subarray(0, 20))).resolves.toContain("gzip data is cut off or damaged");
  });
});
