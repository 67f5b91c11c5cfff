import { once } from "node:events";
import { createServer, get, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { eventually } from "@fx-ohlc/embedded";
import { Shares } from "../src/edge/shares.js";

/** Four places, for whoever says his name. `/held` keeps one for as long as its connection lasts. */
async function startShares() {
  const shares = new Shares(4);
  let held = 0;
  const answer = async (req: IncomingMessage, res: ServerResponse) => {
    const over = new Promise<void>((resolve) => res.on("close", resolve));
    const ask = async () => {
      held += 1;
      if (req.url !== "/held") res.end("done");
    };
    await shares.run({ caller: String(req.headers.name), res, over }, ask).catch(() => undefined);
  };
  const server = createServer((req, res) => void answer(req, res)).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo; // It was given a port.
  const hold = (name: string) => {
    const socket = connect(port, "127.0.0.1", () =>
      socket.write(`GET /held HTTP/1.1\r\nHost: x\r\nName: ${name}\r\n\r\n`),
    );
    return socket.on("error", () => undefined);
  };
  return { server, port, hold, held: () => held };
}

test("who has fewer gets a place from who has the most, whose slowest request is reset", async () => {
  const { server, port, hold, held } = await startShares();
  const gone: string[] = [];
  const names = ["one", "two", "two", "two", "two"];
  const sockets: Socket[] = [];
  for (const name of names) {
    sockets.push(hold(name).on("close", () => gone.push(name)));
    await eventually(() => held() >= Math.min(sockets.length, 4));
  }
  const [answer] = (await once(get({ port, headers: { name: "other" } }), "response")) as [IncomingMessage];
  expect(answer.statusCode).toBe(200);
  expect(gone).toEqual(["two"]);
  for (const socket of sockets) socket.destroy();
  server.close();
});
