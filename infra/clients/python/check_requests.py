import json

import requests
from facts import API, CSV, GZIP, JSON, KEY, NDJSON, SYMBOL, TICKS, check_reads, csv, expect, lines, tick

http = requests.Session()

for is_duplicate in (False, True):
    answer = http.post(f"{API}/ticks", json=tick(0), headers=KEY)
    expect("a tick", (answer.status_code, answer.json()["duplicate"]), (201, is_duplicate))
for what, headers, body, count in (
    ("an array", JSON, json.dumps([tick(1), tick(2)]), 2),
    ("NDJSON in chunks", NDJSON, lines(), 2),
    ("CSV as gzip", CSV | GZIP, csv(), 2),
):
    answer = http.post(f"{API}/ticks/bulk", data=body, headers=KEY | headers)
    expect(what, (answer.status_code, answer.json()["created"]), (201, count))

pages, page = [], f"{TICKS}&limit=3"
while page:
    answer = http.get(page, headers=KEY)
    pages.append([row["price"] for row in answer.json()])
    page = answer.links.get("next", {}).get("url")
expect("pages by Link", pages, [[1, 1.1, 1.2], [1.3, 1.4, 1.5], [1.6]])


def plain(answer):
    return answer.status_code, {name.lower(): value for name, value in answer.headers.items()}, answer.content


check_reads(lambda url, headers: plain(http.get(url, headers=headers)), lambda url, headers: plain(http.head(url, headers=headers)))

bad = http.post(f"{API}/ticks", json=tick(0) | {"time": "noon"}, headers=KEY)
expect("a bad time", (bad.status_code, bad.headers["content-type"].split(";")[0]), (422, "application/problem+json"))

with http.get(f"{API}/sse?channels=ticks:{SYMBOL}", headers=KEY, stream=True, timeout=30) as events:
    for line in events.iter_lines(chunk_size=1):
        if b'"type":"subscribed"' in line:
            http.post(f"{API}/ticks", json={"symbol": SYMBOL, "price": 2.5}, headers=KEY)
        if b'"price":2.5' in line:
            break
    expect("Server-Sent Events", b'"price":2.5' in line, True)
