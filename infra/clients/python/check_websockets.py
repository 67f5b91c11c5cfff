import asyncio
import json
from urllib.request import Request, urlopen

from facts import API, JSON, KEY, SYMBOL, expect
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

WS = API.replace("http", "ws", 1)


def post(path, body):
    with urlopen(Request(API + path, json.dumps(body).encode(), KEY | JSON)) as answer:
        return json.load(answer)


async def main():
    try:
        await connect(f"{WS}/ws")
    except InvalidStatus as refused:
        expect("without a token", refused.response.status_code, 401)
    ticket = (await asyncio.to_thread(post, "/tickets", {}))["ticket"]
    async with connect(f"{WS}/ws?ticket={ticket}") as socket, connect(
        f"{WS}/ws/ticks?symbol={SYMBOL}", additional_headers=KEY
    ) as plain:
        # Binary frames, as orjson makes them, and a burst of one subscription each.
        for index in range(200):
            await socket.send(json.dumps({"op": "subscribe", "channels": [f"ticks:{SYMBOL}{index}"]}).encode())
        answers = [json.loads(await socket.recv())["type"] for _ in range(200)]
        expect("a burst of 200 messages", set(answers), {"subscribed"})
        await socket.send(json.dumps({"op": "subscribe", "channels": [f"ticks:{SYMBOL}"]}).encode())
        expect("a subscription", json.loads(await socket.recv())["type"], "subscribed")
        await asyncio.to_thread(post, "/ticks", {"symbol": SYMBOL, "price": 2.5})
        while (message := json.loads(await socket.recv()))["type"] != "ticks":
            pass
        expect("a tick of the stream", message["ticks"][0]["price"], 2.5)
        expect("a tick of the plain endpoint", json.loads(await plain.recv())["price"], 2.5)


asyncio.run(main())
