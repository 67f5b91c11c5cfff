import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { type ReadSide, startReadSide } from "./read-side.js";

/** A Python that has them: `python3 -m venv V && V/bin/pip install pandas pyarrow polars`, then `PYTHON=V/bin/python`. */
const PYTHON = process.env.PYTHON ?? "python3";
const run = promisify(execFile);
let service: ReadSide;

beforeAll(async () => {
  service = await startReadSide();
  const hours = Array.from({ length: 366 * 8 }, (_, i) => ({
    time: new Date(Date.UTC(2024, 0, 1, 3 * i)).toISOString().replace("Z", "123Z"),
    price: 1 + i / 7,
  }));
  // Every half hour of the days on which clocks change.
  const changes = ["03-10", "03-31", "04-06", "10-05", "10-27", "11-02", "11-03"].flatMap((day) =>
    Array.from({ length: 48 }, (_, i) => ({
      ...{ symbol: "GBPUSD", time: new Date(Date.parse(`2024-${day}T00:00:00Z`) + i * 1_800_000).toISOString() },
      price: 0.1 + i / 3,
    })),
  );
  await service.insert([...hours, ...changes]);
});
afterAll(() => service.stop());

const SCRIPT = `
import json, sys
from urllib.request import urlopen
import pandas as pd, polars as pl, pyarrow.ipc, pyarrow.parquet
api = sys.argv[1]

def json_of(path, time):
    frame = pd.DataFrame(json.load(urlopen(f"{api}{path}")))
    frame[time] = pd.to_datetime(frame[time], utc=True, format="ISO8601").astype("datetime64[us, UTC]")
    return frame

def same(frame, expected, time):
    assert len(frame) == len(expected) > 0, (len(frame), len(expected))
    for name in expected:
        got, wanted = frame[name], expected[name]
        if name == "symbol": got = got.astype(object).astype(str)
        assert got.tolist() == wanted.tolist(), name

def arrow(path):
    return pyarrow.ipc.open_stream(urlopen(f"{api}{path}")).read_all()

both = "symbol=EURUSD,GBPUSD&start=2024-01-01&limit=all"
for path, time in [(f"/ohlc/hour?{both}", "bucket"), ("/ticks?symbol=EURUSD&start=2024-01-01&limit=all", "time")]:
    expected = json_of(path, time)
    suffix = lambda ending: path.replace("?", f".{ending}?")
    table = arrow(suffix("arrow"))
    assert pyarrow.types.is_dictionary(table.schema.field("symbol").type), table.schema
    same(table.to_pandas(), expected, time)
    same(pd.read_parquet(f"{api}{suffix('parquet')}"), expected, time)
    streamed = pl.read_ipc_stream(urlopen(f"{api}{suffix('arrow')}").read())
    assert streamed[time].cast(pl.Int64).to_list() == expected[time].astype("int64").tolist()
    assert streamed["symbol"].cast(pl.String).to_list() == expected["symbol"].tolist()
    bounded = suffix("parquet").replace("limit=all", "limit=10000")
    for frame in (pl.read_parquet(f"{api}{bounded}"), pl.scan_parquet(f"{api}{bounded}").collect()):
        assert frame[time].cast(pl.Int64).to_list() == expected[time].astype("int64").tolist()
        value = "close" if time == "bucket" else "price"
        assert frame[value].to_list() == expected[value].tolist()
    for zone in ("America/New_York", "Europe/London", "Australia/Lord_Howe", "Asia/Kolkata"):
        local = expected[time].dt.tz_convert(zone)
        for read in (arrow(f"{suffix('arrow')}&tz={zone}").to_pandas(), pd.read_parquet(f"{api}{suffix('parquet')}&tz={zone}")):
            assert str(read[time].dt.tz) == zone, read[time].dtype
            assert read[time].tolist() == local.tolist()
        text = pd.read_csv(f"{api}{suffix('csv')}&tz={zone}")[time]
        digits = "seconds" if time == "bucket" else "microseconds"
        assert text.tolist() == [at.isoformat(timespec=digits) for at in local]
    print(path.split("?")[0], len(expected))
print(pyarrow.parquet.ParquetFile(pyarrow.py_buffer(urlopen(f"{api}/ohlc/hour.parquet?{both}").read())).metadata.row_group(0).column(1).encodings)
`;

test("pyarrow, pandas and polars read Arrow and Parquet by their URL as JSON has it, and in zones as pandas reckons them", async () => {
  const missing = await run(PYTHON, ["-c", "import pandas, polars, pyarrow"]).then(
    () => undefined,
    (error) => String(error).split("\n").filter(Boolean).at(-1),
  );
  if (missing !== undefined) {
    console.warn(`not run: ${missing}`);
    return;
  }
  const { stdout } = await run(PYTHON, ["-c", SCRIPT, service.url]);
  const [bars, ticks, encodings] = stdout.trim().split("\n");
  expect([bars, ticks]).toEqual(["/ohlc/hour 3096", "/ticks 2928"]);
  expect(encodings).toContain("DICTIONARY");
});
