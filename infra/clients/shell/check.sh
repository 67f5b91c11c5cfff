#!/bin/bash
# Everything that curl and wget do; ends with 1 at the first answer that is not the right one.
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
key="Authorization: Bearer $FX_TOKEN"
ticks="$FX_URL/ticks?symbol=$FX_SYMBOL&start=2026-03-02"

expect() { # WHAT FOUND WANTED
  if [[ $2 != $3 ]]; then
    echo "$1: $2 is not $3"
    exit 1
  fi
  echo "ok $1"
}
tick() { echo "{\"symbol\":\"$FX_SYMBOL\",\"time\":\"2026-03-02T00:00:0${1}Z\",\"price\":1.$1}"; }
# Prints the answer and its status.
ask() { curl -sS -w '%{http_code}' -H "$key" "$@"; }
lines='Content-Type: application/x-ndjson'

expect "a tick" "$(ask --json "$(tick 0)" "$FX_URL/ticks")" '*"duplicate":false*201'
expect "it again" "$(ask --json "$(tick 0)" "$FX_URL/ticks")" '*"duplicate":true*201'
expect "an array" "$(ask --json "[$(tick 1),$(tick 2)]" "$FX_URL/ticks/bulk")" '*"created":2*201'
expect "lines in chunks, of a pipe" "$(tick 3 | ask -X POST -T - -H "$lines" "$FX_URL/ticks/bulk")" '*"created":1*201'
expect "lines on its word" \
  "$(tick 4 | ask -H "$lines" -H 'Expect: 100-continue' --data-binary @- "$FX_URL/ticks/bulk")" '*"created":1*201'
printf 'time,symbol,price\n2026-03-02T00:00:05Z,%s,1.5\n' "$FX_SYMBOL" | gzip >rows.csv.gz
expect "CSV as gzip" "$(ask -H 'Content-Type: text/csv' -H 'Content-Encoding: gzip' --data-binary @rows.csv.gz \
  "$FX_URL/ticks/bulk")" '*"created":1*201'
expect "lines that are refused at once" "$(yes oops | head -c 3000000 | ask -X POST -T - -H 'Content-Type: text/csv' \
  "$FX_URL/ticks/bulk")" '*422'

page="$ticks&limit=2&format=csv"
while [[ -n $page ]]; do
  curl -sS -D head -H "$key" "$page" | tail -n +2 >>pages
  page=$(sed -n 's/^[Ll]ink: .*<\([^>]*\)>; rel="next".*/\1/p' head)
done
expect "pages by Link" "$(wc -l <pages)" 6

curl -sS -H "$key" -o whole -D head "$ticks"
expect "HEAD" "$(curl -sSI -H "$key" "$ticks" | tr -d '\r' | sed -n 's/^[Cc]ontent-[Ll]ength: //p')" "$(wc -c <whole)"
for status in 200 304; do
  expect "If-None-Match" "$(ask --etag-save tag --etag-compare tag -o bars "$ticks")" "$status"
done
expect "a range" "$(ask -r 1-9 "$ticks")" "$(head -c 10 whole | tail -c 9)206"
expect "a range past the end" "$(ask -r 999999- -o /dev/null "$ticks")" 416
head -c 7 whole >begun
expect "the rest of it" "$(ask -C - -o begun "$ticks"; cmp begun whole)" 206
expect "compressed" "$(curl -sS --compressed -H "$key" "$ticks" | cmp - whole && echo same)" same
expect "curl --http2" "$(ask --http2 "$ticks" | cut -c1)" '['
expect "curl -0" "$(ask -0 "$ticks" -o /dev/null)" 200
expect "curl -x" "$(ask --noproxy '' -x "$FX_URL" "http://localhost:${FX_URL##*:}/live")" '*200'
expect "without a token" "$(curl -sS -o /dev/null -w '%{http_code} %header{www-authenticate}' "$FX_URL/symbols")" '401 Bearer*'
expect "a key in the address" "$(curl -sS -o /dev/null -w '%{http_code}' "$ticks&token=$FX_URL_TOKEN")" 200
expect "it again with wget" "$(wget -q --header "$key" -O - "$ticks" | cmp - whole && echo same)" same
expect "wget -c" "$(head -c 7 whole >part && wget -q -c --header "$key" -O part "$ticks"; cmp part whole && echo same)" same
expect "wget --spider" "$(wget -S --spider --header "$key" "$ticks" 2>&1 | sed -n 's/^ *content-length: //Ip')" "$(wc -c <whole)"

exec 3< <(exec curl -sSN --max-time 30 -H "$key" "$FX_URL/sse?channels=ticks:$FX_SYMBOL")
events=$!
while read -r line <&3; do
  case $line in
    *'"type":"subscribed"'*) ask -o /dev/null --json "{\"symbol\":\"$FX_SYMBOL\",\"price\":2.5}" "$FX_URL/ticks" >/dev/null ;;
    *'"price":2.5'*) break ;;
  esac
done
kill "$events"
expect "Server-Sent Events" "$line" '*"price":2.5*'
