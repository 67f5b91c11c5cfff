import asyncio
import json

import aiohttp
from facts import API, CSV, JSON, KEY, NDJSON, SYMBOL, TICKS, expect, lines, tick


async def chunks():
    for line in lines():
        yield line


async def main():
    async with aiohttp.ClientSession(headers=KEY) as http:
        for is_duplicate in (False, True):
            async with http.post(f"{API}/ticks", json=tick(0)) as answer:
                expect("a tick", (answer.status, (await answer.json())["duplicate"]), (201, is_duplicate))
        text = f"time,symbol,price\n{tick(5)['time']},{SYMBOL},1.5\n{tick(6)['time']},{SYMBOL},1.6\n"
        for what, headers, body, more, count in (
            ("an array that it compresses itself", JSON, json.dumps([tick(1), tick(2)]), {"compress": "gzip"}, 2),
            ("NDJSON in chunks, on its word", NDJSON, chunks(), {"expect100": True}, 2),
            ("CSV", CSV, text, {}, 2),
        ):
            async with http.post(f"{API}/ticks/bulk", data=body, headers=headers, **more) as answer:
                expect(what, (answer.status, (await answer.json())["created"]), (201, count))
        prices, page = [], f"{TICKS}&limit=3"
        while page:
            async with http.get(page) as answer:
                prices += [row["price"] for row in await answer.json()]
                page = answer.links.get("next", {}).get("url")
        expect("pages by Link", prices, [1, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6])
        async with http.head(TICKS, headers={"Accept-Encoding": "identity"}) as answer:
            expect("HEAD", (answer.status, int(answer.headers["Content-Length"]) > 100), (200, True))
            tag = answer.headers["ETag"]
        async with http.get(TICKS, headers={"Accept-Encoding": "identity", "If-None-Match": tag}) as answer:
            expect("If-None-Match", answer.status, 304)
        async with http.get(TICKS, headers={"Range": "bytes=0-0", "If-Range": tag}) as answer:
            expect("Range", (answer.status, await answer.read()), (206, b"["))
        async with http.ws_connect(f"{API}/ws") as socket:
            # Binary frames, as orjson makes them.
            await socket.send_bytes(json.dumps({"op": "subscribe", "channels": [f"ticks:{SYMBOL}"]}).encode())
            expect("a subscription", (await socket.receive_json())["type"], "subscribed")
            async with http.post(f"{API}/ticks", json={"symbol": SYMBOL, "price": 2.5}) as answer:
                expect("a tick of now", answer.status, 201)
            while (message := await socket.receive_json())["type"] != "ticks":
                pass
            expect("a tick of the stream", message["ticks"][0]["price"], 2.5)


asyncio.run(main())
