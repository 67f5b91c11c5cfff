import { eventually } from "@fx-ohlc/testkit";
import { WebSocket } from "ws";
import { type ChannelName, FxClient, type FxStream, type StreamEvent } from "../src/index.js";
import { type Peer, ScriptedGateway } from "./scripted-gateway.js";
import { answer, ScriptedServer } from "./scripted-server.js";

const KEY = "fxk_1_secret";
const RETRY = { attemptsMax: 3, baseMs: 1, capMs: 1 };

let server: ScriptedServer;
beforeAll(async () => {
  server = await ScriptedServer.start();
});
afterAll(() => server.stop());

/** A function that gives one token after the other, the last one for ever. */
function rotation(...tokens: string[]) {
  const asked: string[] = [];
  const token = () => {
    const next = tokens[Math.min(asked.length, tokens.length - 1)] ?? "";
    asked.push(next);
    return next;
  };
  return { asked, token };
}

const shown = () => server.received.map(({ authorization }) => authorization);

describe("a token", () => {
  it("goes with every request, the next pages included", async () => {
    const client = new FxClient({ url: server.url, token: KEY });
    server.script(answer(200, [{ symbol: "A" }], { link: '</symbols?after=A>; rel="next"' }), answer(200, []));
    await client.symbols();
    expect(shown()).toEqual([`Bearer ${KEY}`, `Bearer ${KEY}`]);
  });

  it("goes to no other address, wherever the next page is said to be", async () => {
    const other = await ScriptedServer.start();
    const client = new FxClient({ url: server.url, token: KEY });
    server.script(answer(200, [{ symbol: "A" }], { link: `<${other.url}/symbols>; rel="next"` }));
    await expect(client.symbols()).rejects.toThrow(/does not get the token .* PUBLIC_URL/);
    await other.stop();
    expect(other.received).toEqual([]);
  });

  it("is not tried again when it is fixed and refused, and the error does not show it", async () => {
    const client = new FxClient({ url: server.url, token: KEY, retry: RETRY });
    server.script(answer(401, { detail: "The token is not known." }));
    const error = await client.symbols().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: "UnauthorizedError", status: 401, message: "401 The token is not known." });
    expect(server.received).toHaveLength(1);
    expect(JSON.stringify(error)).not.toContain("secret");
  });

  it("of a function is asked for once, and once more when it was refused", async () => {
    const { asked, token } = rotation("old", "new");
    const client = new FxClient({ url: server.url, token, retry: RETRY });
    server.script(answer(200, []), answer(401, {}), answer(200, []), answer(200, []));
    for (let call = 0; call < 3; call += 1) await client.symbols();
    expect(shown()).toEqual(["Bearer old", "Bearer old", "Bearer new", "Bearer new"]);
    expect(asked).toEqual(["old", "new"]);
  });

  it("of a function that is refused twice is given up", async () => {
    const { asked, token } = rotation("old", "new", "newer");
    const client = new FxClient({ url: server.url, token, retry: RETRY });
    server.script(answer(401, {}), answer(401, {}));
    await expect(client.symbols()).rejects.toMatchObject({ name: "UnauthorizedError" });
    expect(shown()).toEqual(["Bearer old", "Bearer new"]);
    expect(asked).toEqual(["old", "new"]);
  });

  it("is asked for once by all requests that had it refused at the same time", async () => {
    const { asked, token } = rotation("old", "new");
    const client = new FxClient({ url: server.url, token, retry: RETRY });
    const byToken: Parameters<ScriptedServer["scriptRaw"]>[0] = (request, response) =>
      answer(request.headers.authorization === "Bearer new" ? 200 : 401, [])(request, response);
    server.script(...Array.from({ length: 8 }, () => byToken));
    await Promise.all(Array.from({ length: 4 }, () => client.symbols()));
    expect(asked).toEqual(["old", "new"]);
  });

  it("of a function that fails is the call's error, and is asked for again by the next call", async () => {
    let calls = 0;
    const token = () => {
      calls += 1;
      if (calls === 1) throw new Error("the login page is away");
      return KEY;
    };
    const client = new FxClient({ url: server.url, token });
    await expect(client.symbols()).rejects.toThrow("the login page is away");
    server.script(answer(200, []));
    await expect(client.symbols()).resolves.toEqual([]);
  });

  it.each(["", "two words", `${KEY}\n`, "sch\u00fcssel"])(
    "that cannot be one (%j) is refused without being shown",
    async (token) => {
      const error = await new FxClient({ url: server.url, token }).symbols().catch((thrown: unknown) => thrown);
      expect(String(error)).toBe(
        "Error: the token is empty, or holds a space, a line end or another character that no token has",
      );
    },
  );

  it("that lacks a scope is an error of its own, which names it", async () => {
    const client = new FxClient({ url: server.url, token: KEY });
    server.script(answer(403, { detail: "The token lacks the scope admin." }));
    await expect(client.keys.list()).rejects.toMatchObject({
      name: "ForbiddenError",
      message: "403 The token lacks the scope admin.",
    });
  });
});

describe("the calls for keys", () => {
  const key = { name: "lp1", scopes: ["write"], symbols: ["EUR*"] } as const;
  const client = () => new FxClient({ url: server.url, token: KEY, retry: RETRY });

  it("make, list, change and revoke", async () => {
    const made = { ...key, id: "k1", token: "fxk_k1_s" };
    server.script(answer(201, made), answer(200, [key]), answer(200, key));
    await expect(client().keys.create(key)).resolves.toEqual(made);
    await expect(client().keys.list()).resolves.toEqual([key]);
    await expect(client().keys.update("k1", { expires_at: null })).resolves.toEqual(key);
    expect(server.received.map(({ method, path, body }) => `${method} ${path} ${body}`)).toEqual([
      `POST /keys ${JSON.stringify(key)}`,
      "GET /keys ",
      'PATCH /keys/k1 {"expires_at":null}',
    ]);
    const noContent: Parameters<ScriptedServer["scriptRaw"]>[0] = (_request, response) =>
      void response.writeHead(204).end();
    server.script(noContent, noContent);
    await client().keys.revoke("k1");
    await client().keys.revokeJwt("a/b");
    expect(server.received.map(({ method, path }) => `${method} ${path}`)).toEqual([
      "DELETE /keys/k1",
      "DELETE /keys/jwt/a%2Fb",
    ]);
  });

  it("do not make another key when an answer was lost", async () => {
    server.script((request) => void request.socket.destroy(), answer(201, key));
    await expect(client().keys.create(key)).rejects.toMatchObject({ name: "UnreachableError" });
    expect(server.received).toHaveLength(1);
  });

  it("read the audit page by page", async () => {
    server.script(answer(200, [{ at: "1" }], { link: '</audit?before=1>; rel="next"' }), answer(200, [{ at: "2" }]));
    const entries = [];
    for await (const entry of client().audit({ pageSize: 1 })) entries.push(entry);
    expect(entries).toEqual([{ at: "1" }, { at: "2" }]);
    expect(server.received.map(({ path }) => path)).toEqual(["/audit?limit=1", "/audit?before=1"]);
  });
});

describe("a stream with a token", () => {
  const CHANNEL = "ticks:EURUSD";
  const SUBSCRIBED = { type: "subscribed", channels: [{ channel: CHANNEL, offset: "e-1", recovered: true }] };
  const RECONNECT = { baseMs: 1, capMs: 1 };
  let gateway: ScriptedGateway;
  let stream: FxStream | undefined;

  beforeEach(async () => {
    gateway = await ScriptedGateway.start();
  });
  afterEach(async () => {
    stream?.close();
    await gateway.stop();
  });

  /** Reads a stream to its end. */
  function read(
    options: Partial<ConstructorParameters<typeof FxClient>[0]>,
    channels: readonly ChannelName[] = [CHANNEL],
  ) {
    const client = new FxClient({ url: gateway.url, retry: { attemptsMax: 1 }, ...options });
    stream = client.stream({ channels, reconnect: RECONNECT });
    const events: StreamEvent[] = [];
    const opened = stream;
    const ended = (async () => {
      for await (const event of opened) events.push(event);
    })().then(
      () => undefined,
      (error: unknown) => error,
    );
    return { events, ended };
  }

  async function serve(): Promise<Awaited<ReturnType<ScriptedGateway["peer"]>>> {
    const peer = await gateway.peer();
    await peer.request();
    peer.send(SUBSCRIBED);
    return peer;
  }

  it("carries it in the upgrade in Node, again with each connection", async () => {
    read({ token: KEY });
    (await serve()).cut();
    await serve();
    expect(gateway.upgrades).toEqual(Array(2).fill({ path: "/ws", authorization: `Bearer ${KEY}` }));
  });

  it("buys a ticket for each connection where sockets carry none", async () => {
    let sold = 0;
    gateway.ticket = () => `t${++sold}`;
    read({ token: KEY, webSocket: WebSocket });
    (await serve()).cut();
    await serve();
    expect(gateway.reads).toEqual(["/tickets", "/tickets"]);
    expect(gateway.upgrades).toEqual([
      { path: "/ws?ticket=t1", authorization: undefined },
      { path: "/ws?ticket=t2", authorization: undefined },
    ]);
  });

  it("ends when a fixed token does, without coming back", async () => {
    const { ended } = read({ token: KEY });
    (await serve()).close(4001, "the key was revoked");
    await expect(ended).resolves.toMatchObject({ name: "StreamClosedError", code: 4001 });
    expect(gateway.connections).toBe(1);
  });

  it("goes on with a new token of a function, and ends when there is none", async () => {
    const { asked, token } = rotation("old", "new");
    const { ended } = read({ token });
    (await serve()).close(4001);
    (await serve()).close(4001);
    await expect(ended).resolves.toMatchObject({ name: "StreamClosedError", code: 4001 });
    expect(gateway.upgrades.map(({ authorization }) => authorization)).toEqual(["Bearer old", "Bearer new"]);
    expect(asked).toEqual(["old", "new", "new"]);
  });

  it("goes on with a new token when the upgrade of the old one is refused", async () => {
    gateway.admit = ({ headers }) => (headers.authorization === "Bearer new" ? undefined : 401);
    read({ token: rotation("old", "new").token });
    await serve();
    expect(gateway.upgrades).toHaveLength(2);
  });

  it.each([
    [401, "UnauthorizedError"],
    [403, "ForbiddenError"],
  ])("ends with what the server says when it refuses the upgrade with %d", async (status, name) => {
    gateway.admit = () => status;
    const { ended } = read({ token: KEY });
    await expect(ended).resolves.toMatchObject({ name, status, message: `${status} refused with ${status}` });
    expect(gateway.upgrades).toHaveLength(1);
  });

  it("comes back when there are too many connections for now", async () => {
    let refusals = 2;
    gateway.admit = () => (refusals-- > 0 ? 429 : undefined);
    const { events } = read({ token: KEY });
    await serve();
    expect(events).toContainEqual(expect.objectContaining({ status: "waiting", reason: "429 refused with 429" }));
    expect(gateway.upgrades).toHaveLength(3);
  });

  it("finds out over HTTP why a ticket did not let it in", async () => {
    gateway.ticket = () => "t";
    gateway.admit = () => 403;
    gateway.refuseRead = ({ url }) => (url === "/ws" ? 403 : undefined);
    const { ended } = read({ token: KEY, webSocket: WebSocket });
    await expect(ended).resolves.toMatchObject({ name: "ForbiddenError", status: 403 });
  });

  it("ends when nobody sells it a ticket", async () => {
    gateway.refuseRead = () => 401;
    const { ended } = read({ token: KEY, webSocket: WebSocket });
    await expect(ended).resolves.toMatchObject({ name: "UnauthorizedError" });
    expect(gateway.upgrades).toEqual([]);
  });

  /** Answers a subscribe request as a gateway does to a token of EUR*: all of its channels, or none. */
  async function serveEuros(peer: Peer): Promise<void> {
    for (;;) {
      const { id, channels } = await peer.request();
      const hidden = channels.find((channel) => !channel.startsWith("ticks:EUR"));
      const error = { type: "error", id, code: "forbidden", message: `this token may not touch ${hidden}` };
      const entries = channels.map((channel) => ({ channel, offset: "e-1", recovered: true }));
      peer.send(hidden === undefined ? { type: "subscribed", id, channels: entries } : error);
    }
  }

  it("hands out which channels are forbidden, and goes on with the others, also when it comes back", async () => {
    const { events } = read({ token: KEY }, [CHANNEL, "ticks:GBPUSD", "ticks:EURGBP", "ticks:XAUUSD", "ticks:EURJPY"]);
    const peer = await gateway.peer();
    void serveEuros(peer);
    const refusals = () => events.flatMap((event) => (event.type === "error" ? [event.message] : []));
    await eventually(() => refusals().length === 2);
    expect(refusals().sort()).toEqual([
      "this token may not touch ticks:GBPUSD",
      "this token may not touch ticks:XAUUSD",
    ]);
    peer.cut();
    const next = await gateway.peer();
    await expect(next.request()).resolves.toMatchObject({ channels: [CHANNEL, "ticks:EURGBP", "ticks:EURJPY"] });
    expect(gateway.connections).toBe(2);
  });

  it("ends when every channel is forbidden", async () => {
    const { ended } = read({ token: KEY }, ["ticks:GBPUSD", "ticks:XAUUSD"]);
    void serveEuros(await gateway.peer());
    await expect(ended).resolves.toMatchObject({
      name: "ForbiddenError",
      message: "403 this token may not touch ticks:XAUUSD",
    });
    expect(gateway.connections).toBe(1);
  });
});
