import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { Worker } from "node:worker_threads";

/** An edge, from the build, that leaves out the header that ends a body, as Node does with what comes after 1,000 others. */
const EDGE = `
  const { createServer } = require("node:http");
  const { parentPort, workerData: { upstream, target } } = require("node:worker_threads");
  import(upstream).then(({ askUpstream, createUpstreamProxy }) => {
    const proxy = createUpstreamProxy({ note: () => undefined });
    const server = createServer((req, res) => {
      delete req.headers["content-length"];
      askUpstream(proxy, req, res, target);
    });
    server.listen(0, "127.0.0.1", () => parentPort.postMessage(server.address().port));
  });`;
const UPSTREAM = new URL("../dist/edge/upstream.js", import.meta.url).href;

const asked: string[] = [];
const service = createServer((req, res) => {
  asked.push(`${req.method} ${req.url}`);
  req.resume();
  res.end();
});
let edge: Worker;
let port: number;

beforeAll(async () => {
  await once(service.listen(0, "127.0.0.1"), "listening");
  const target = `http://127.0.0.1:${(service.address() as AddressInfo).port}`; // It was given a port.
  edge = new Worker(EDGE, { eval: true, workerData: { upstream: UPSTREAM, target } });
  [port] = await once(edge, "message");
});

afterAll(async () => {
  await edge.terminate();
  service.close();
  service.closeAllConnections();
});

test.each(["GET", "DELETE", "OPTIONS", "POST"])(
  "a body that the head of a request by %s does not tell of is not handed on",
  async (method) => {
    asked.length = 0;
    const inner = "GET /inner HTTP/1.1\r\nHost: x\r\n\r\n";
    const last = "GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    const socket = connect(port, "127.0.0.1");
    socket.write(`${method} /outer HTTP/1.1\r\nHost: x\r\nContent-Length: ${inner.length}\r\n\r\n${inner}${last}`);
    await once(socket.resume(), "end");
    expect(asked.sort()).toEqual([`${method} /outer`, "GET /last"].sort());
  },
);
