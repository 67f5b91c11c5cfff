import json, os, time

import requests
import websocket  # websocket-client

API, CHANNEL = os.environ.get("FX_URL", "http://localhost:8000"), "ticks:EURUSD"
KEY = {"Authorization": f"Bearer {os.environ['FX_TOKEN']}"} if "FX_TOKEN" in os.environ else {}

http = requests.Session()
http.headers.update(KEY)
http.post(f"{API}/ticks", json={"symbol": "EURUSD", "price": 1.1}).raise_for_status()

# Bars, page by page.
page = f"{API}/ohlc?symbol=EURUSD&interval=1m&start=2026-01-01"
while page:
    answer = http.get(page)
    answer.raise_for_status()
    for bar in answer.json():
        print(bar["bucket"], bar["close"])
    page = answer.links.get("next", {}).get("url")

# Ticks as they come; after a break it goes on with the first one that was missed.
since = {}
while True:
    pause = 1
    try:
        # A heartbeat comes every 10 s: silence is a connection that is gone.
        socket = websocket.create_connection(API.replace("http", "ws", 1) + "/ws", header=KEY, timeout=25)
        socket.send(json.dumps({"op": "subscribe", "channels": [CHANNEL], "since": since}))
        while text := socket.recv():
            message = json.loads(text)
            for tick in message.get("ticks", []):
                print(tick["time"], tick["price"], flush=True)
            if message["type"] not in ("ticks", "heartbeat"):
                print(text, flush=True)
            for told in message.get("channels", [message]):
                if "offset" in told and not told.get("recovered"):
                    since[CHANNEL] = told["offset"]
    except websocket.WebSocketBadStatusException as refused:
        # Before there is a WebSocket: 503 and 429 say how many seconds to wait.
        if refused.status_code not in (429, 503):
            raise
        pause = int(refused.resp_headers.get("retry-after", 1))
    except (OSError, websocket.WebSocketException):
        pass
    time.sleep(pause)
