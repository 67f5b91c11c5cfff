#!/bin/sh
set -eu
api=${FX_URL:-http://localhost:8000}
key="Authorization: Bearer ${FX_TOKEN:-}"

curl -sS --fail-with-body -H "$key" --json '{"symbol":"EURUSD","price":1.1}' "$api/ticks"

# Bars, page by page.
page="$api/ohlc?symbol=EURUSD&interval=1m&start=2026-01-01&format=csv"
while [ -n "$page" ]; do
  curl -sS --fail-with-body -D page.head -H "$key" "$page"
  page=$(sed -n 's/^[Ll]ink: .*<\([^>]*\)>; rel="next".*/\1/p' page.head)
done

# Ticks as they come; after a break it goes on with the first one that was missed.
while sleep 1; do
  curl -sSN --fail -H "$key" -H "Last-Event-ID: $(cat last.id 2>/dev/null)" "$api/sse?channels=ticks:EURUSD" |
    while read -r line; do
      case $line in
        id:*) echo "${line#id: }" >last.id ;;
        *'"type":"heartbeat"'*) ;;
        *) printf '%s\n' "$line" ;;
      esac
    done
done
