"""What every client of these checks sends and asks for; each library has a program of its own."""

import gzip
import json
import os

API = os.environ["FX_URL"]
SYMBOL = os.environ["FX_SYMBOL"]
KEY = {"Authorization": f"Bearer {os.environ['FX_TOKEN']}"}
JSON, NDJSON, CSV = ({"Content-Type": kind} for kind in ("application/json", "application/x-ndjson", "text/csv"))
GZIP = {"Content-Encoding": "gzip"}
TICKS = f"{API}/ticks?symbol={SYMBOL}&start=2026-03-02"


def tick(second):
    return {"symbol": SYMBOL, "time": f"2026-03-02T00:00:0{second}.123456Z", "price": 1 + second / 10}


def lines():
    """Of a generator nobody knows the length: it is sent in chunks."""
    for second in (3, 4):
        yield (json.dumps(tick(second)) + "\n").encode()


def csv():
    rows = [tick(5), tick(6)]
    text = "\n".join(["time,symbol,price", *(f"{row['time']},{row['symbol']},{row['price']}" for row in rows)])
    return gzip.compress(text.encode())


def expect(what, found, wanted):
    """Ends the program at the first answer that is not the right one."""
    assert found == wanted, f"{what}: {found!r} is not {wanted!r}"
    print("ok", what)


def check_reads(get, head):
    """`get` and `head` take an address and headers, and give (status, headers in lower case, bytes)."""
    status, headers, whole = get(TICKS, KEY | {"Accept-Encoding": "identity"})
    expect("all ticks", (status, [row["price"] for row in json.loads(whole)]), (200, [1, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6]))
    plain = KEY | {"Accept-Encoding": "identity"}
    status, of_head, _ = head(TICKS, plain)
    expect("HEAD", (status, of_head["content-length"], of_head["etag"]), (200, str(len(whole)), headers["etag"]))
    status, _, none = get(TICKS, plain | {"If-None-Match": headers["etag"]})
    expect("If-None-Match", (status, none), (304, b""))
    status, _, part = get(TICKS, plain | {"Range": "bytes=1-9", "If-Range": headers["etag"]})
    expect("Range", (status, part), (206, whole[1:10]))
    expect("a range past the end", get(TICKS, plain | {"Range": "bytes=999999-"})[0], 416)
    status, headers, _ = get(f"{API}/symbols", {})
    expect("without a token", (status, headers["www-authenticate"].split()[0]), (401, "Bearer"))
