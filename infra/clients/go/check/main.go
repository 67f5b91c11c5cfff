// Everything a Go program does over HTTP, with what the standard library has; ends with 1 at the first answer that is not the
// right one.
package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"regexp"
	"strings"
	"time"
)

var (
	api    = os.Getenv("FX_URL")
	key    = "Bearer " + os.Getenv("FX_TOKEN")
	symbol = os.Getenv("FX_SYMBOL")
	next   = regexp.MustCompile(`<([^>]+)>; rel="next"`)
	client = &http.Client{Transport: &http.Transport{ExpectContinueTimeout: 10 * time.Second}}
)

type headers map[string]string

func ask(method, path string, body io.Reader, more headers) (*http.Response, string) {
	if strings.HasPrefix(path, "/") {
		path = api + path
	}
	request, err := http.NewRequest(method, path, body)
	if err != nil {
		log.Fatal(err)
	}
	request.Header.Set("Authorization", key)
	for name, value := range more {
		request.Header.Set(name, value)
	}
	answer, err := client.Do(request)
	if err != nil {
		log.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		log.Fatal(err)
	}
	return answer, string(text)
}

func expect(isSo bool, what string, answer *http.Response, text string) {
	if !isSo {
		log.Fatal(what, ": ", answer.Status, answer.Header, text)
	}
	fmt.Println("ok", what)
}

type tick struct {
	Symbol string    `json:"symbol"`
	Time   time.Time `json:"time"`
	Price  float64   `json:"price"`
}

// at is a tick of that second, to the nanosecond.
func at(second int) tick {
	moment := time.Date(2026, 3, 2, 0, 0, second, 123456789, time.UTC)
	return tick{symbol, moment, 1 + float64(second)/10}
}

func text(value any) string {
	made, _ := json.Marshal(value)
	return string(made)
}

func main() {
	writes()
	reads()
	follow()
	unsigned, err := http.Get(api + "/symbols")
	if err != nil {
		log.Fatal(err)
	}
	unsigned.Body.Close()
	isAsked := strings.HasPrefix(unsigned.Header.Get("WWW-Authenticate"), "Bearer")
	expect(unsigned.StatusCode == 401 && isAsked, "without a token: 401", unsigned, "")
}

func writes() {
	for _, is := range []string{"false", "true"} {
		one, said := ask("POST", "/ticks", strings.NewReader(text(at(0))), headers{"Content-Type": "application/json"})
		expect(one.StatusCode == 201 && strings.Contains(said, `"duplicate":`+is), "a tick, duplicate "+is, one, said)
	}
	two := strings.NewReader(text([]tick{at(1), at(2)}))
	bulk, said := ask("POST", "/ticks/bulk", two, headers{"Content-Type": "application/json"})
	expect(bulk.StatusCode == 201 && strings.Contains(said, `"created":2`), "an array", bulk, said)
	// A pipe has no length: it is sent in chunks, when the server says that it may be.
	lines, feed := io.Pipe()
	go func() {
		fmt.Fprintln(feed, text(at(3)))
		fmt.Fprintln(feed, text(at(4)))
		feed.Close()
	}()
	chunked, said := ask("POST", "/ticks/bulk", lines, headers{"Content-Type": "application/x-ndjson", "Expect": "100-continue"})
	expect(chunked.StatusCode == 201 && strings.Contains(said, `"created":2`), "NDJSON in chunks", chunked, said)
	var packed bytes.Buffer
	packing := gzip.NewWriter(&packed)
	fmt.Fprintf(packing, "time,symbol,price\n%s,%s,1.5\n", at(5).Time.Format(time.RFC3339Nano), symbol)
	packing.Close()
	csv, said := ask("POST", "/ticks/bulk", &packed, headers{"Content-Type": "text/csv", "Content-Encoding": "gzip"})
	expect(csv.StatusCode == 201 && strings.Contains(said, `"created":1`), "CSV as gzip", csv, said)
}

func reads() {
	all := "/ticks?symbol=" + symbol + "&start=2026-03-02"
	whole, said := ask("GET", all, nil, nil)
	var ticks, paged []tick
	if err := json.Unmarshal([]byte(said), &ticks); err != nil {
		log.Fatal(err)
	}
	for page := all + "&limit=2"; page != ""; {
		answer, said := ask("GET", page, nil, nil)
		var some []tick
		if err := json.Unmarshal([]byte(said), &some); err != nil {
			log.Fatal(err)
		}
		paged = append(paged, some...)
		page = ""
		if link := next.FindStringSubmatch(answer.Header.Get("Link")); link != nil {
			page = link[1]
		}
	}
	expect(len(ticks) == 6 && text(ticks) == text(paged), "pages by Link", whole, said)
	plain := headers{"Accept-Encoding": "identity"}
	whole, said = ask("GET", all, nil, plain)
	head, _ := ask("HEAD", all, nil, plain)
	expect(head.StatusCode == 200 && head.ContentLength == int64(len(said)), "HEAD", head, "")
	same, none := ask("GET", all, nil, headers{"If-None-Match": whole.Header.Get("ETag"), "Accept-Encoding": "identity"})
	expect(same.StatusCode == 304 && none == "", "If-None-Match", same, none)
	part, some := ask("GET", all, nil, headers{"Range": "bytes=1-9", "If-Range": whole.Header.Get("ETag")})
	expect(part.StatusCode == 206 && some == said[1:10], "Range", part, some)
	past, some := ask("GET", all, nil, headers{"Range": "bytes=999999-"})
	expect(past.StatusCode == 416, "a range past the end", past, some)
}

// follow reads Server-Sent Events until the tick that it posts itself.
func follow() {
	request, _ := http.NewRequest("GET", api+"/sse?channels=ticks:"+symbol, nil)
	request.Header.Set("Authorization", key)
	answer, err := client.Do(request)
	if err != nil {
		log.Fatal(err)
	}
	defer answer.Body.Close()
	lines := bufio.NewScanner(answer.Body)
	for lines.Scan() {
		if strings.Contains(lines.Text(), `"type":"subscribed"`) {
			now := strings.NewReader(text(tick{symbol, time.Now(), 2.5}))
			ask("POST", "/ticks", now, headers{"Content-Type": "application/json"})
		}
		if strings.Contains(lines.Text(), `"price":2.5`) {
			expect(true, "Server-Sent Events", answer, "")
			return
		}
	}
	log.Fatal("Server-Sent Events: they ended ", lines.Err())
}
