"""What openapi-python-client makes of the OpenAPI document of a running system."""

import importlib
import os
import subprocess
import sys
import tempfile
from datetime import datetime, timezone

from facts import API, KEY, SYMBOL, expect, tick

folder = tempfile.mkdtemp()
generator = os.path.join(os.path.dirname(sys.executable), "openapi-python-client")
made = subprocess.run(
    [generator, "generate", "--url", f"{API}/openapi.json", "--meta", "none", "--output-path", f"{folder}/fx_api"],
    capture_output=True,
    text=True,
)
expect("a client is made", made.returncode, 0)
left_out = [line for line in made.stderr.splitlines() if "will be omitted" in line]
expect("nothing is left out of it", left_out[:1], [])
sys.path.insert(0, folder)
client = importlib.import_module("fx_api").AuthenticatedClient(base_url=API, token=KEY["Authorization"].split()[1])
models = importlib.import_module("fx_api.models")
post_tick = importlib.import_module("fx_api.api.ticks.post_tick")
get_ticks = importlib.import_module("fx_api.api.ticks.get_ticks")
get_bars = importlib.import_module("fx_api.api.bars.get_bars")

START = datetime(2026, 3, 2, tzinfo=timezone.utc)

stored = post_tick.sync_detailed(client=client, body=models.TickDto.from_dict(tick(0)))
expect("a tick", (int(stored.status_code), stored.parsed.price, stored.parsed.duplicate), (201, 1, False))
refused = post_tick.sync_detailed(client=client, body=models.TickDto.from_dict(tick(0) | {"time": "noon"}))
expect("a bad time", (int(refused.status_code), "RFC 3339" in refused.parsed.detail), (422, True))
ticks = get_ticks.sync_detailed(client=client, symbol=SYMBOL, start=START)
expect("ticks", [each.price for each in ticks.parsed], [1])
bars = get_bars.sync_detailed(client=client, symbol=SYMBOL, interval="1m", start=START)
expect("bars", [each.close for each in bars.parsed], [1])
