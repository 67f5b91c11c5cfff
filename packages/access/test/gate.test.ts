import { createHmac, generateKeyPairSync, type KeyObject } from "node:crypto";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Scope } from "@fx-ohlc/schemas";
import type { Caller, RouteAccess } from "@fx-ohlc/service-kit";
import { exportJWK, SignJWT } from "jose";
import { BoundedMap } from "../src/bounded-map.js";
import { TokenGate } from "../src/gate.js";
import { type JwtConfig, jwtVerifier, type VerifyJwt } from "../src/jwt.js";
import { KeyList } from "../src/key-list.js";
import type { KeyRecord } from "../src/key-record.js";
import { newKeyToken, secretHash } from "../src/key-token.js";
import { type QuotaStore, TokenQuota } from "../src/limits/token-quota.js";
import { RefusedTokens } from "../src/refused-tokens.js";
import type { TicketHolder } from "../src/tickets.js";

const NO_JWT: JwtConfig = { jwksUrl: undefined, publicKey: undefined, issuer: undefined, audience: undefined };

/** It shares nothing with other processes. */
const ALONE = { process: "this one", names: undefined } as QuotaStore;

function recordWith(scopes: readonly Scope[], more: Partial<KeyRecord> = {}) {
  const { id, secret, token } = newKeyToken();
  const rest = { symbols: null, limits: {}, inUrl: false, expiresMs: null };
  return { token, record: { id, name: "a key", hash: secretHash(secret), scopes, ...rest, ...more } };
}

/** Counts how many JWTs are verified at once. */
function counted(verify: VerifyJwt | undefined, verifying: { now: number; most: number }): VerifyJwt | undefined {
  if (verify === undefined) return undefined;
  return async (token) => {
    verifying.now += 1;
    verifying.most = Math.max(verifying.most, verifying.now);
    return verify(token).finally(() => (verifying.now -= 1));
  };
}

function gateWith(
  keys: readonly KeyRecord[],
  jwt: JwtConfig = NO_JWT,
  subjects: Record<string, number> = {},
  ofAddress?: TokenQuota,
) {
  const clock = { ms: 0 };
  const list = new KeyList(() => clock.ms);
  list.replace({ version: "1", keys, subjects });
  const tickets = new Map<string, TicketHolder>();
  const verifying = { now: 0, most: 0 };
  const gate = new TokenGate({
    list,
    refresh: async () => undefined,
    verifyJwt: counted(jwtVerifier(jwt), verifying),
    redeem: async (ticket) => {
      const holder = tickets.get(ticket);
      tickets.delete(ticket);
      return holder;
    },
    isInternalSecret: (token) => token === "of this deployment",
    anonymousScopes: [],
    refused: new RefusedTokens(1, () => clock.ms),
    quotaOf: (id, limits) => (id.startsWith("address:") && ofAddress ? ofAddress : new TokenQuota(id, limits, ALONE)),
    onUse: () => undefined,
  });
  const admit = async (access: RouteAccess, authorization?: string, url = "/ohlc"): Promise<Caller | number> => {
    const headers = authorization === undefined ? {} : { authorization };
    try {
      return await gate.admit({ url, headers, socket: {} } as unknown as IncomingMessage, { access });
    } catch (error) {
      return (error as { status: number }).status;
    }
  };
  return { admit, list, clock, tickets, verifying };
}

describe("an API key", () => {
  test("opens the routes of its scopes, again and again, and no others", async () => {
    const { token, record } = recordWith(["read"]);
    const { admit } = gateWith([record]);
    for (let times = 0; times < 3; times += 1) {
      expect(await admit("read", `Bearer ${token}`)).toMatchObject({ name: "a key" });
      expect(await admit("write", `Bearer ${token}`)).toBe(403);
    }
  });

  test.each([
    ["with another secret", (token: string) => `${token.slice(0, -3)}xyz`],
    ["of nobody", () => newKeyToken().token],
    ["that is none", () => "fxk_"],
  ])("%s is refused", async (_what, spoil) => {
    const { token, record } = recordWith(["read"]);
    expect(await gateWith([record]).admit("read", `Bearer ${spoil(token)}`)).toBe(401);
  });

  test("is refused once it is not in the list any more, and its sockets end", async () => {
    const { token, record } = recordWith(["stream"]);
    const { admit, list } = gateWith([record]);
    const caller = await admit("stream", `Bearer ${token}`);
    expect(caller).toMatchObject({ isEnded: false });
    list.replace({ version: "2", keys: [], subjects: {} });
    expect(caller).toMatchObject({ isEnded: true });
    expect(await admit("stream", `Bearer ${token}`)).toBe(401);
  });

  test("keeps its sockets when its name is changed, and loses them with its rights", async () => {
    const { token, record } = recordWith(["stream"]);
    const { admit, list } = gateWith([record]);
    const caller = await admit("stream", `Bearer ${token}`);
    list.replace({ version: "2", keys: [{ ...record, name: "other" }], subjects: {} });
    expect(caller).toMatchObject({ isEnded: false });
    expect(await admit("stream", `Bearer ${token}`)).toMatchObject({ name: "other" });
    list.replace({ version: "3", keys: [{ ...record, symbols: ["EUR*"] }], subjects: {} });
    expect(caller).toMatchObject({ isEnded: true });
  });

  test("that nobody knows is not refused for good while the list is stale, and known ones go on", async () => {
    const { token, record } = recordWith(["read"]);
    const { admit, clock } = gateWith([record]);
    clock.ms += 31_000;
    expect(await admit("read", `Bearer ${token}`)).toMatchObject({ name: "a key" });
    expect(await admit("read", `Bearer ${newKeyToken().token}`)).toBe(503);
  });

  test("is remembered once, however its header is written", async () => {
    const { token, record } = recordWith(["read"]);
    const remembered = jest.spyOn(BoundedMap.prototype, "set");
    const { admit } = gateWith([record]);
    for (const header of [`Bearer ${token}`, `bEaReR   ${token}`, `Bearer ${" ".repeat(8000)}${token}  `])
      expect(await admit("read", header)).toMatchObject({ name: "a key" });
    expect(remembered).toHaveBeenCalledTimes(1);
    remembered.mockRestore();
  });

  test("is found among ten thousand others", async () => {
    const keys = Array.from({ length: 10_000 }, () => recordWith(["read"]));
    const { admit } = gateWith(keys.map(({ record }) => record));
    expect(await admit("read", `Bearer ${keys[7000]?.token}`)).toMatchObject({ name: "a key" });
  });

  test("in a URL is taken only where it was made for that, and is gone from the URL", async () => {
    const inUrl = recordWith(["read"], { inUrl: true });
    const other = recordWith(["read"]);
    const { admit } = gateWith([inUrl.record, other.record]);
    expect(await admit("read", undefined, `/ohlc?token=${inUrl.token}`)).toMatchObject({ name: "a key" });
    expect(await admit("read", undefined, `/ohlc?token=${other.token}`)).toBe(401);
  });
});

test("who guesses too much is told to wait, without a limit set; keys that are good go on, also from there", async () => {
  const [known, other] = [recordWith(["read"]), recordWith(["read"])];
  const { admit, clock } = gateWith([known.record, other.record]);
  const guesses: unknown[] = [];
  for (let times = 0; times < 8; times += 1) guesses.push(await admit("read", `Bearer ${newKeyToken().token}`));
  expect(guesses).toEqual([401, 401, 401, 401, 401, 429, 429, 429]);
  expect(await admit("read", "Bearer e30.e30.e30")).toBe(429);
  expect(await admit("read", `Bearer ${known.token.slice(0, -3)}xyz`)).toBe(429);
  expect(await admit("read", `Bearer ${known.token}`)).toMatchObject({ name: "a key" });
  expect(await admit("read", `Bearer ${other.token}`)).toMatchObject({ name: "a key" });
  expect(await admit("read")).toBe(401);
  clock.ms += 2000;
  // What everybody may ask for is answered, and counts all the same.
  expect(await admit("public", "Bearer garbage")).toMatchObject({ name: "anonymous" });
  expect(await admit("read", `Bearer ${newKeyToken().token}`)).toBe(401);
  expect(await admit("read", `Bearer ${newKeyToken().token}`)).toBe(429);
});

test("a ticket that is good opens a socket, from where tickets are guessed too", async () => {
  const { record } = recordWith(["stream"]);
  const { admit, tickets } = gateWith([record]);
  const guesses: unknown[] = [];
  for (let times = 0; times < 7; times += 1) guesses.push(await admit("stream", undefined, "/ws?ticket=guess"));
  expect(guesses).toEqual([401, 401, 401, 401, 401, 429, 429]);
  tickets.set("t", { kind: "key", id: record.id });
  expect(await admit("stream", undefined, "/ws?ticket=t")).toMatchObject({ name: "a key" });
  expect(await admit("stream", undefined, "/ws?ticket=t")).toBe(429);
});

test("tokens that are none count as requests of the address they come from", async () => {
  const quota = new TokenQuota("address:", () => ({ requests_per_second: 1 }), ALONE);
  const { admit } = gateWith([], NO_JWT, {}, quota);
  expect(quota.isOver("requests_per_second")).toBe(false);
  for (let times = 0; times < 5; times += 1) await admit("read", `Bearer ${newKeyToken().token}`);
  expect(await admit("read")).toBe(429);
});

test("a ticket opens one socket, once, and nothing else", async () => {
  const { record } = recordWith(["stream", "read"]);
  const { admit, tickets } = gateWith([record]);
  tickets.set("t", { kind: "key", id: record.id });
  expect(await admit("read", undefined, "/ohlc?ticket=t")).toBe(401);
  expect(await admit("stream", undefined, "/ws?ticket=t")).toMatchObject({ name: "a key" });
  expect(await admit("stream", undefined, "/ws?ticket=t")).toBe(401);
});

test("who shows nothing is told to, but for what everybody may ask for; services show their secret", async () => {
  const { token, record } = recordWith(["admin", "ops"]);
  const { admit } = gateWith([record]);
  expect(await admit("read")).toBe(401);
  expect(await admit("any-token")).toBe(401);
  expect(await admit("public")).toMatchObject({ name: "anonymous" });
  expect(await admit("public", "Bearer nonsense")).toMatchObject({ name: "anonymous" });
  expect(await admit("internal")).toBe(401);
  expect(await admit("internal", `Bearer ${token}`)).toBe(403);
  expect(await admit("internal", "Bearer of this deployment")).toMatchObject({ name: "internal" });
  expect(await admit("read", "Bearer of this deployment")).toBe(403);
});

describe("a JWT", () => {
  const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const ed = generateKeyPairSync("ed25519");
  const pem = (key: KeyObject) => key.export({ type: "spki", format: "pem" }).toString();
  const config = { ...NO_JWT, publicKey: pem(rsa.publicKey), issuer: "https://issuer.example", audience: "fx" };
  const nowS = () => Math.floor(Date.now() / 1000);

  interface Claims {
    readonly [claim: string]: unknown;
  }

  const good: Claims = { sub: "someone", iss: "https://issuer.example", aud: "fx", scope: "read stream" };

  function sign(claims: Claims, key: KeyObject = rsa.privateKey, alg = "RS256", kid?: string): Promise<string> {
    const header = { alg, ...(kid === undefined ? {} : { kid }) };
    return new SignJWT({ iat: nowS(), exp: nowS() + 60, ...claims }).setProtectedHeader(header).sign(key);
  }

  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");

  test("opens what its scope says, for the symbols it names", async () => {
    const { admit } = gateWith([], config);
    const token = await sign({ ...good, symbols: ["EUR*"] });
    const caller = (await admit("read", `Bearer ${token}`)) as Caller;
    expect([caller.maySee("EURUSD"), caller.maySee("USDJPY")]).toEqual([true, false]);
    expect(await admit("write", `Bearer ${token}`)).toBe(403);
  });

  test("does not open what needs admin when it is held to symbols", async () => {
    const { admit } = gateWith([], config);
    const admin = { ...good, scope: "read admin" };
    expect(await admit("admin", `Bearer ${await sign(admin)}`)).toMatchObject({ name: "jwt:someone" });
    const held = `Bearer ${await sign({ ...admin, symbols: ["EUR*"] })}`;
    expect(await admit("admin", held)).toBe(403);
    expect(await admit("read", held)).toMatchObject({ name: "jwt:someone" });
  });

  test.each(["admin", "anonymous", "internal"])("of the subject %s is not called as somebody else is", async (sub) => {
    const { admit } = gateWith([], config);
    expect(await admit("read", `Bearer ${await sign({ ...good, sub })}`)).toMatchObject({ name: `jwt:${sub}` });
  });

  test.each([
    ["ES256", ec],
    ["EdDSA", ed],
  ])("may be signed with %s", async (alg, pair) => {
    const { admit } = gateWith([], { ...config, publicKey: pem(pair.publicKey) });
    expect(await admit("read", `Bearer ${await sign(good, pair.privateKey, alg)}`)).toMatchObject({
      name: "jwt:someone",
    });
  });

  test.each<[string, () => string | Promise<string>]>([
    ["with alg none", () => `${part({ alg: "none" })}.${part({ ...good, exp: nowS() + 60 })}.`],
    [
      "signed with HS256 and the public key",
      () => {
        const text = `${part({ alg: "HS256" })}.${part({ ...good, exp: nowS() + 60 })}`;
        return `${text}.${createHmac("sha256", pem(rsa.publicKey)).update(text).digest("base64url")}`;
      },
    ],
    ["signed by another", () => sign(good, generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey)],
    ["signed by another kind of key", () => sign(good, ec.privateKey, "ES256")],
    ["that has expired", () => sign({ ...good, exp: nowS() - 1 })],
    ["without an end", () => sign({ ...good, exp: undefined })],
    ["of another issuer", () => sign({ ...good, iss: "https://other.example" })],
    ["for another audience", () => sign({ ...good, aud: "other" })],
    ["without a subject", () => sign({ ...good, sub: undefined })],
    ["of a subject that is no text", () => sign({ ...good, sub: 7 as never })],
    ["of a subject that nobody could write", () => sign({ ...good, sub: "a\0b" })],
    ["of a subject that turns around what comes before it", () => sign({ ...good, sub: "\u202enimda" })],
    ["of a subject with what is not seen", () => sign({ ...good, sub: "admin\u200b" })],
    ["of a subject that means another path", () => sign({ ...good, sub: ".." })],
    ["of a subject that is a part of every object", () => sign({ ...good, sub: "__proto__" })],
    ["that was issued tomorrow", () => sign({ ...good, iat: nowS() + 86_400 })],
  ])("%s is refused", async (_what, make) => {
    expect(await gateWith([], config).admit("read", `Bearer ${await make()}`)).toBe(401);
  });

  test("that is new is verified in its turn where others are guessed, of which no more than one is at a time", async () => {
    const { admit, verifying } = gateWith([], config);
    const other = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
    const made = Array.from({ length: 26 }, (_, number) => sign({ ...good, jti: String(number) }, other));
    const guesses = await Promise.all(made);
    const guess = (token: string) => admit("read", `Bearer ${token}`);
    for (const token of guesses.splice(0, 6)) await guess(token);
    verifying.most = 0;
    const guessing = guesses.map(guess);
    expect(await admit("read", `Bearer ${await sign(good)}`)).toMatchObject({ name: "jwt:someone" });
    expect(new Set(await Promise.all(guessing))).toEqual(new Set([429]));
    const crowd = Array.from({ length: 1100 }, (_, number) => guess(`e30.e30.${number}`));
    expect(new Set(await Promise.all(crowd))).toEqual(new Set([429]));
    expect(verifying.most).toBe(1);
    expect(await admit("read", `Bearer ${await sign({ ...good, iat: nowS() - 1 })}`)).toMatchObject({
      name: "jwt:someone",
    });
  });

  test("is held to whole connections, whatever it says", async () => {
    const { admit } = gateWith([], config);
    const limits = { connections: 1.5, requests_per_second: 1.5 };
    const caller = await admit("read", `Bearer ${await sign({ ...good, limits })}`);
    expect(caller).toMatchObject({ limits: { connections: 1, requests_per_second: 1.5 } });
  });

  test("ends with its subject's revocation, unless it was issued after it", async () => {
    const { admit, list } = gateWith([], config);
    const token = await sign({ ...good, iat: nowS() - 10 });
    const caller = await admit("stream", `Bearer ${token}`);
    list.replace({ version: "2", keys: [], subjects: { someone: Date.now() - 5000 } });
    expect(caller).toMatchObject({ isEnded: true });
    expect(await admit("stream", `Bearer ${token}`)).toBe(401);
    expect(await admit("stream", `Bearer ${await sign(good)}`)).toMatchObject({ name: "jwt:someone" });
  });

  describe("with keys from a URL", () => {
    let server: Server;
    let keys: object[] = [];
    let isAway = false;
    let asked = 0;

    beforeAll(async () => {
      server = createServer((_req, res) => {
        asked += 1;
        res.writeHead(isAway ? 500 : 200, { "content-type": "application/json" }).end(JSON.stringify({ keys }));
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    });

    afterAll(() => {
      server.closeAllConnections();
      server.close();
    });

    test("is asked for them once, and a token is not refused because they cannot be had", async () => {
      const jwksUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`;
      const { admit } = gateWith([], { ...config, publicKey: undefined, jwksUrl });
      const token = await sign(good, ec.privateKey, "ES256", "one");
      isAway = true;
      expect(await admit("read", `Bearer ${token}`)).toBe(503);
      isAway = false;
      keys = [{ ...(await exportJWK(ec.publicKey)), kid: "one", alg: "ES256" }];
      asked = 0;
      expect(await admit("read", `Bearer ${token}`)).toMatchObject({ name: "jwt:someone" });
      expect(await admit("read", `Bearer ${token}`)).toMatchObject({ name: "jwt:someone" });
      expect(await admit("read", `Bearer ${await sign(good, rsa.privateKey, "RS256", "two")}`)).toBe(401);
      expect(asked).toBe(1);
    });
  });
});
