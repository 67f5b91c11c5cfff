import { once } from "node:events";
import { createServer } from "node:net";
import { eventually, freePort } from "@fx-ohlc/embedded";
import { readStackConfig } from "../src/config.js";
import { requirePorts } from "../src/ports.js";

describe("what keeps the stack from starting is said in one line:", () => {
  it("a port that is in use", async () => {
    const server = createServer().listen(0);
    await once(server, "listening");
    const address = server.address();
    const port = typeof address === "object" ? (address?.port ?? 0) : 0;
    await expect(requirePorts([await freePort(), port], 0)).rejects.toThrow(`port ${port} is in use already: stop`);
    server.close();
  });

  it("a variable that is wrong, without its value", () => {
    const env = { PORT: "x", FX_SIMULATE: "maybe", DATABASE_URL: "mysql://me:secret@host/db" };
    expect(() => readStackConfig(env)).toThrow(
      "invalid configuration: PORT must be a whole number from 1 to 65532; FX_SIMULATE must be true or false; DATABASE_URL must be a postgres:// URL",
    );
  });
});

describe("after an earlier stack was killed", () => {
  it("its ports are waited for", async () => {
    const server = createServer().listen(0);
    await once(server, "listening");
    const address = server.address();
    const port = typeof address === "object" ? (address?.port ?? 0) : 0;
    let isFree = false;
    const free = requirePorts([port], 5_000).then(() => (isFree = true));
    await expect(eventually(() => isFree, { timeoutMs: 300 })).rejects.toThrow();
    server.close();
    await free;
  });
});
