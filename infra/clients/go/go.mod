module example.com/fx-ohlc-clients

go 1.23

require github.com/coder/websocket v1.8.15
