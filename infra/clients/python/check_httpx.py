import json

import httpx
from facts import API, CSV, GZIP, JSON, KEY, NDJSON, SYMBOL, TICKS, check_reads, csv, expect, lines, tick

http = httpx.Client(timeout=30)

for is_duplicate in (False, True):
    answer = http.post(f"{API}/ticks", json=tick(0), headers=KEY)
    expect("a tick", (answer.status_code, answer.json()["duplicate"]), (201, is_duplicate))
for what, headers, body, count in (
    ("an array", JSON, json.dumps([tick(1), tick(2)]), 2),
    ("NDJSON in chunks", NDJSON, lines(), 2),
    ("CSV as gzip", CSV | GZIP, csv(), 2),
):
    answer = http.post(f"{API}/ticks/bulk", content=body, headers=KEY | headers)
    expect(what, (answer.status_code, answer.json()["created"]), (201, count))

pages, page = [], f"{TICKS}&limit=3"
while page:
    answer = http.get(page, headers=KEY)
    pages.append([row["price"] for row in answer.json()])
    page = answer.links.get("next", {}).get("url")
expect("pages by Link", pages, [[1, 1.1, 1.2], [1.3, 1.4, 1.5], [1.6]])


def plain(answer):
    return answer.status_code, dict(answer.headers), answer.content


check_reads(lambda url, headers: plain(http.get(url, headers=headers)), lambda url, headers: plain(http.head(url, headers=headers)))

with http.stream("GET", f"{API}/sse?channels=ticks:{SYMBOL}", headers=KEY) as events:
    for line in events.iter_lines():
        if '"type":"subscribed"' in line:
            http.post(f"{API}/ticks", json={"symbol": SYMBOL, "price": 2.5}, headers=KEY)
        if '"price":2.5' in line:
            break
    expect("Server-Sent Events", '"price":2.5' in line, True)
