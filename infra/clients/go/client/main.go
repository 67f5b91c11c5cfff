package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
)

const channel = "ticks:EURUSD"

var (
	api  = "http://localhost:8000"
	key  = "Bearer " + os.Getenv("FX_TOKEN")
	next = regexp.MustCompile(`<([^>]+)>; rel="next"`)
)

type message struct {
	Type, Offset string
	Channels     []struct {
		Offset    string
		Recovered bool
	}
	Ticks []struct {
		Time  string
		Price float64
	}
}

func ask(method, url, body string) *http.Response {
	request, _ := http.NewRequest(method, url, strings.NewReader(body))
	request.Header.Set("Authorization", key)
	request.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		log.Fatal(err)
	}
	if answer.StatusCode >= 400 {
		problem, _ := io.ReadAll(answer.Body)
		log.Fatal(string(problem))
	}
	return answer
}

func main() {
	if url, ok := os.LookupEnv("FX_URL"); ok {
		api = url
	}
	ask("POST", api+"/ticks", `{"symbol":"EURUSD","price":1.1}`).Body.Close()

	// Bars, page by page.
	for page := api + "/ohlc?symbol=EURUSD&interval=1m&start=2026-01-01"; page != ""; {
		answer := ask("GET", page, "")
		var bars []struct {
			Bucket string
			Close  float64
		}
		if err := json.NewDecoder(answer.Body).Decode(&bars); err != nil {
			log.Fatal(err)
		}
		answer.Body.Close()
		for _, bar := range bars {
			fmt.Println(bar.Bucket, bar.Close)
		}
		page = ""
		if link := next.FindStringSubmatch(answer.Header.Get("Link")); link != nil {
			page = link[1]
		}
	}

	// Ticks as they come; after a break it goes on with the first one that was missed.
	for since := map[string]string{}; ; time.Sleep(time.Second) {
		if err := follow(since); err != nil {
			log.Println(err)
		}
	}
}

// follow follows the stream until it breaks, and keeps where it was.
func follow(since map[string]string) error {
	options := &websocket.DialOptions{HTTPHeader: http.Header{"Authorization": {key}}}
	socket, answer, err := websocket.Dial(context.Background(), strings.Replace(api, "http", "ws", 1)+"/ws", options)
	if err != nil {
		// Refused before there is a WebSocket: 503 and 429 say how many seconds to wait.
		if answer != nil && answer.StatusCode != 503 && answer.StatusCode != 429 {
			log.Fatal(err)
		}
		if answer != nil {
			seconds, _ := strconv.Atoi(answer.Header.Get("Retry-After"))
			time.Sleep(time.Duration(seconds) * time.Second)
		}
		return err
	}
	defer socket.CloseNow()
	socket.SetReadLimit(1 << 24) // It is 32 KiB by itself, and a batch of ticks may be longer.
	subscribe := map[string]any{"op": "subscribe", "channels": []string{channel}, "since": since}
	if err := wsjson.Write(context.Background(), socket, subscribe); err != nil {
		return err
	}
	for {
		// A heartbeat comes every 10 s: silence is a connection that is gone.
		patience, cancel := context.WithTimeout(context.Background(), 25*time.Second)
		var told message
		err := wsjson.Read(patience, socket, &told)
		cancel()
		if err != nil {
			return err
		}
		if told.Type != "ticks" && told.Type != "heartbeat" {
			fmt.Printf("%+v\n", told)
		}
		for _, tick := range told.Ticks {
			fmt.Println(tick.Time, tick.Price)
		}
		if told.Offset != "" {
			since[channel] = told.Offset
		}
		for _, each := range told.Channels {
			if !each.Recovered {
				since[channel] = each.Offset
			}
		}
	}
}
