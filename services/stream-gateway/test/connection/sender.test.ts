import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { OPEN_CALLER } from "@fx-ohlc/access";
import { eventually } from "@fx-ohlc/testkit";
import { WebSocket, WebSocketServer } from "ws";
import { Sender } from "../../src/connection/sender.js";
import { Counters } from "../../src/counters.js";
import { Bundle, Packet } from "../../src/fanout/packet.js";

describe("a sender", () => {
  test.each([
    ["finished frames past ws", true],
    ["every text through ws, should its inside ever change", false],
  ])("sends the same messages in the same order when it writes %s", async (_name, writesFrames) => {
    const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
    await once(server, "listening");
    const counters = new Counters();
    server.on("connection", (ws, { socket }: IncomingMessage) => {
      const sender = new Sender(ws, socket, { writesFrames, caller: OPEN_CALLER, counters, onQueued: () => undefined });
      sender.send(new Bundle([new Packet(["one", "two"]), new Packet(["three"])]));
      sender.ping(7);
      sender.sendPackets([new Packet(["four"])]);
      sender.close(1001, "bye");
      sender.sendPackets([new Packet(["too late"])]);
    });
    const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const heard: string[] = [];
    client.on("message", (data) => heard.push(String(data)));
    client.on("ping", (data) => heard.push(`ping ${String(data)}`));
    client.on("close", (code, reason) => heard.push(`${code} ${String(reason)}`));
    await eventually(() => heard.includes("1001 bye"));
    expect(heard).toEqual(["one", "two", "three", "ping 7", "four", "1001 bye"]);
    expect(counters.messagesSent).toBe(4);
    server.close();
  });
});
