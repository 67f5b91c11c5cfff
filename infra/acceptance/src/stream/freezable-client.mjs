/**
 * A WebSocket client for others to freeze: sends each line of its standard input, and writes to its standard output what
 * happens, a line each: `open`, `text …`, `end {"code":…,"reason":…}`. Ends with the connection or with its input.
 */
import { argv, stdin, stdout } from "node:process";
import { createInterface } from "node:readline";
import { WebSocket } from "ws";

const ws = new WebSocket(argv[2], { perMessageDeflate: false });
const lines = createInterface({ input: stdin });
lines.on("line", (line) => ws.send(line));
lines.on("close", () => ws.terminate());
ws.on("open", () => stdout.write("open\n"));
ws.on("message", (data) => stdout.write(`text ${data}\n`));
ws.on("error", () => undefined);
ws.on("close", (code, reason) => {
  stdout.write(`end ${JSON.stringify({ code, reason: String(reason) })}\n`);
  lines.close();
  stdin.destroy();
});
