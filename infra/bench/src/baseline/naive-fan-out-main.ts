import { createServer } from "node:http";
import { streamNames } from "@fx-ohlc/schemas";
import { Metrics } from "@fx-ohlc/service-kit";
import { createClient } from "redis";
import { WebSocket, WebSocketServer } from "ws";

/**
 * The yardstick: the loop every tutorial has. It takes the same messages from Redis as the gateway, stringifies each tick once
 * and sends it to every client.
 */
const metrics = new Metrics();
const server = createServer(async (_req, res) => {
  res.end(await metrics.registry.metrics());
});
const sockets = new WebSocketServer({ server });

function broadcast(symbol: string, tick: object): void {
  const text = JSON.stringify({ symbol, ...tick });
  for (const client of sockets.clients) if (client.readyState === WebSocket.OPEN) client.send(text);
}

const redis = createClient({ url: process.env.REDIS_URL ?? "" });
redis.on("error", (error) => process.stderr.write(`${error}\n`));
await redis.connect();
const { tickChannelPattern } = streamNames(process.env.STREAM_NAMESPACE ?? "");
await redis.pSubscribe(tickChannelPattern, (message) => {
  const { symbol, ticks = [] }: { symbol: string; ticks?: object[] } = JSON.parse(message);
  for (const tick of ticks) broadcast(symbol, tick);
});
server.listen(Number(process.env.PORT), "127.0.0.1");
