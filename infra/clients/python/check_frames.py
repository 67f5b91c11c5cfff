"""What opens addresses by itself: python check_frames.py pandas|polars|duckdb|pyarrow"""

import os
import sys

from facts import API, KEY, SYMBOL, expect

# Readers that cannot set headers show a key that was made for addresses.
BARS = f"symbol={SYMBOL}&interval=1m&start=2026-03-02&end=2026-03-03&token={os.environ['FX_URL_TOKEN']}"
PARQUET, CSV, NDJSON = (f"{API}/ohlc.{suffix}?{BARS}" for suffix in ("parquet", "csv", "ndjson"))
CLOSES = [1.1, 1.2000000000000002, 0.30000000000000004]


def pandas():
    import pandas as pd

    expect("read_parquet", pd.read_parquet(PARQUET).close.tolist(), CLOSES)
    expect("read_csv", pd.read_csv(CSV, float_precision="round_trip").close.tolist(), CLOSES)
    expect("read_json", pd.read_json(NDJSON, lines=True, precise_float=True).close.tolist(), CLOSES)
    keyed = pd.read_csv(CSV.partition("&token=")[0], storage_options=KEY, parse_dates=["bucket"])
    expect("times", str(keyed.bucket[0]), "2026-03-02 00:00:00+00:00")
    import requests

    rows = pd.DataFrame({"time": pd.to_datetime(["2026-03-02 00:03:00.190646+00:00"]), "symbol": SYMBOL, "price": 1.4})
    for text, status in ((rows.to_csv(index=False), 201), (rows.to_csv(), 422)):
        answer = requests.post(f"{API}/ticks/bulk", data=text, headers=KEY | {"Content-Type": "text/csv"})
        expect("to_csv", answer.status_code, status)
    since = requests.get(f"{API}/ticks", params={"symbol": SYMBOL, "start": rows.time[0]}, headers=KEY)
    expect("a Timestamp as start", [row["price"] for row in since.json()], [1.4])


def polars():
    import polars as pl

    expect("read_parquet", pl.read_parquet(PARQUET)["close"].to_list(), CLOSES)
    lazy = pl.scan_parquet(PARQUET).filter(pl.col("close") > 1).select("close").collect()
    expect("scan_parquet", lazy["close"].to_list(), CLOSES[:2])
    expect("scan_csv", pl.read_csv(CSV)["close"].to_list(), CLOSES)


def duckdb():
    from datetime import datetime, timezone

    import duckdb as db
    from fsspec.implementations.http import HTTPFileSystem

    class Http(HTTPFileSystem):
        def modified(self, path):
            """DuckDB asks when a file was changed, which nobody says of bars."""
            return datetime.fromtimestamp(0, timezone.utc)

    try:
        db.sql("load httpfs")
    except db.Error as error:
        # It is no package, but comes from DuckDB's own site; fsspec asks with ranges as well.
        print(f"skipped httpfs: {str(error).splitlines()[0]}")
        db.register_filesystem(Http())
    found = db.sql(f"select close from read_parquet('{PARQUET}')").fetchall()
    expect("read_parquet", [close for (close,) in found], CLOSES)


def pyarrow():
    import fsspec
    from pyarrow import parquet

    with fsspec.open(PARQUET) as file:
        table = parquet.read_table(file)
    expect("read_table by ranges", table["close"].to_pylist(), CLOSES)
    expect("typed times", str(table.schema.field("bucket").type), "timestamp[us, tz=UTC]")
    # With the thread of fsspec beside it pyarrow 26 aborts at the end of a program.
    sys.stdout.flush()
    os._exit(0)


{"pandas": pandas, "polars": polars, "duckdb": duckdb, "pyarrow": pyarrow}[sys.argv[1]]()
