import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import { HttpConnection, requestText } from "./http-connection.js";

/** A server that answers every request with some pieces of bytes. */
async function withServer(
  answer: (socket: Socket) => Promise<void> | void,
  work: (connection: HttpConnection) => Promise<void>,
): Promise<void> {
  const server = createServer((socket) => socket.setNoDelay(true).on("data", () => void answer(socket)));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" ? address?.port : 0;
  const connection = await HttpConnection.open(`http://127.0.0.1:${port}`);
  try {
    await work(connection);
  } finally {
    connection.close();
    server.close();
  }
}

const REQUEST = requestText("GET", "/");
const BODY = "x".repeat(5000);
const ANSWER = `HTTP/1.1 201 Created\r\nX: 1\r\ncontent-length: ${BODY.length}\r\n\r\n${BODY}`;

test.each([1, 7, 60, 1000, 100_000])(
  "an answer counts once all of it is there, in pieces of %d bytes",
  async (size) => {
    const sendPieces = async (socket: Socket) => {
      for (let at = 0; at < ANSWER.length; at += size) {
        socket.write(ANSWER.slice(at, at + size));
        if (size > 1 || at % 500 === 0) await nextTurn();
      }
    };
    await withServer(sendPieces, async (connection) => {
      expect(await connection.request(REQUEST)).toBe(201);
      expect(await connection.request(REQUEST)).toBe(201);
    });
  },
);

test("an answer without a body counts", async () => {
  await withServer(
    (socket) => void socket.write("HTTP/1.1 304 Not Modified\r\nContent-Length: 0\r\n\r\n"),
    async (connection) => expect(await connection.request(REQUEST)).toBe(304),
  );
});

test("an answer whose length is not told, or a connection that is closed, ends the measurement", async () => {
  await withServer(
    (socket) => void socket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
    (connection) => expect(connection.request(REQUEST)).rejects.toThrow("without a Content-Length"),
  );
  await withServer(
    (socket) => void socket.end(),
    (connection) => expect(connection.request(REQUEST)).rejects.toThrow("closed a connection"),
  );
});

test("a request tells the length of its body in bytes", () => {
  expect(requestText("POST", "/ticks", '{"é":1}')).toMatch(/^POST \/ticks HTTP\/1\.1\r\n.*Content-Length: 8\r\n\r\n/s);
});
