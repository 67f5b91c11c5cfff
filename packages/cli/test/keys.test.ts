import { writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { Command, temporaryDirectory } from "./command.js";

const ADMIN = "fxk_admin_s3cret";
const KEY = {
  id: "3f9a",
  name: "lp1",
  scopes: ["write"],
  symbols: ["EUR*"],
  created_at: "2026-01-01T00:00:00Z",
  last_used_at: "2026-01-02T00:00:00Z",
};

/** A system that knows one token, in place of the services: it records what it is asked. */
let server: Server;
let answer: { status: number; body: unknown };
let asked: { line: string; body: string; authorization: string | undefined }[];

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const { method, url, headers } = request;
    asked.push({ line: `${method} ${url}`, body: await text(request), authorization: headers.authorization });
    const refused = headers.authorization !== `Bearer ${ADMIN}`;
    const { status, body } = refused ? { status: 401, body: { detail: "There is no valid token." } } : answer;
    response.writeHead(status, { "content-type": "application/problem+json" });
    response.end(status === 204 ? undefined : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterAll(() => server.close());
beforeEach(() => {
  asked = [];
});

function run(args: string[], environment: Record<string, string> = { FX_TOKEN: ADMIN }) {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return new Command(...args, "--url", url).run({ stateDirectory: "", environment });
}

describe("fx-ticks keys", () => {
  it("makes a key, and prints its token alone where a script takes it", async () => {
    answer = { status: 201, body: { ...KEY, token: "fxk_3f9a_new" } };
    const flags = ["--name", "lp1", "--scopes", "write", "--symbols", "EUR*,XAUUSD", "--expires", "2030-01-01"];
    const made = await run(["keys", "create", ...flags, "--ticks-per-second", "5000"]);
    expect(made).toMatchObject({ exitCode: 0, out: ["fxk_3f9a_new"] });
    expect(made.said).toEqual(["key 3f9a (lp1) may write of EUR* without end; its token is shown this once"]);
    expect(asked).toEqual([{ line: "POST /keys", body: expect.any(String), authorization: `Bearer ${ADMIN}` }]);
    expect(JSON.parse(asked[0]?.body ?? "")).toEqual({
      name: "lp1",
      scopes: ["write"],
      symbols: ["EUR*", "XAUUSD"],
      limits: { ticks_per_second: 5000 },
      expires_at: "2030-01-01T00:00:00.000000Z",
    });
  });

  it("counts a duration of --expires from now", async () => {
    answer = { status: 201, body: { ...KEY, token: "t" } };
    const beforeMs = Date.now();
    await run(["keys", "create", "--name", "x", "--scopes", "read,stream", "--expires", "P90D"]);
    const expiresMs = Date.parse(JSON.parse(asked[0]?.body ?? "").expires_at);
    expect(Math.abs(expiresMs - beforeMs - 90 * 86_400_000)).toBeLessThan(60_000);
  });

  it("lists keys as a table, or as JSON", async () => {
    answer = { status: 200, body: [KEY, { ...KEY, id: "4", symbols: undefined, expires_at: "2030-01-01T00:00:00Z" }] };
    const table = await run(["keys", "list"]);
    expect(table.out).toEqual([
      "ID    NAME  SCOPES  SYMBOLS  EXPIRES               LAST USED",
      "3f9a  lp1   write   EUR*     never                 2026-01-02T00:00:00Z",
      "4     lp1   write   *        2030-01-01T00:00:00Z  2026-01-02T00:00:00Z",
    ]);
    expect((await run(["keys", "list", "--json"])).out.map((line) => JSON.parse(line).id)).toEqual(["3f9a", "4"]);
  });

  it("revokes every key that is named", async () => {
    answer = { status: 204, body: undefined };
    const revoked = await run(["keys", "revoke", "a", "b"]);
    expect(asked.map(({ line }) => line)).toEqual(["DELETE /keys/a", "DELETE /keys/b"]);
    expect(revoked).toMatchObject({ exitCode: 0, out: [], said: ["2 keys revoked: refused everywhere within 5 s"] });
  });

  it.each([
    [["--scopes", "read,writ"], "It must be some of read,stream,write,correct,ops,admin."],
    [["--scopes", "read", "--connections", "0"], "It must be a whole number above 0."],
  ])("says what is wrong with %j before it asks for anything", async (flags, message) => {
    const { exitCode, said } = await run(["keys", "create", "--name", "x", ...flags]);
    expect([exitCode, asked]).toEqual([1, []]);
    expect(said.join()).toContain(message);
  });
});

describe("the token of a command", () => {
  it("is the flag's, else FX_TOKEN, else what the file holds that FX_TOKEN_FILE names", async () => {
    const directory = temporaryDirectory();
    const file = join(directory.path, "key");
    writeFileSync(file, `${ADMIN}\n`);
    answer = { status: 200, body: [] };
    await run(["keys", "list", "--token", "flag"], { FX_TOKEN: "variable", FX_TOKEN_FILE: file });
    await run(["keys", "list"], { FX_TOKEN: "variable", FX_TOKEN_FILE: file });
    await run(["keys", "list"], { FX_TOKEN: "", FX_TOKEN_FILE: file });
    directory.remove();
    expect(asked.map(({ authorization }) => authorization)).toEqual([
      "Bearer flag",
      "Bearer variable",
      `Bearer ${ADMIN}`,
    ]);
  });

  it("is read from its file again when what it held is refused", async () => {
    const directory = temporaryDirectory();
    const file = join(directory.path, "key");
    writeFileSync(file, "old");
    answer = { status: 200, body: [] };
    const listing = new Promise<void>((resolve) => {
      server.once("request", () => {
        writeFileSync(file, ADMIN);
        resolve();
      });
    });
    await expect(run(["keys", "list"], { FX_TOKEN_FILE: file })).resolves.toMatchObject({ exitCode: 0 });
    await listing;
    directory.remove();
    expect(asked.map(({ authorization }) => authorization)).toEqual(["Bearer old", `Bearer ${ADMIN}`]);
  });

  it.each([
    [{}, 401, "No token was given: set FX_TOKEN"],
    [{ FX_TOKEN: "fxk_wrong_s3cret" }, 401, "not known here, has expired or was revoked"],
    [{ FX_TOKEN: ADMIN }, 403, "The token was taken but may not do that"],
  ])("that is refused is explained: %j, %d", async (environment: Record<string, string>, status, hint) => {
    answer = { status, body: { detail: "refused" } };
    const { exitCode, out, said } = await run(["keys", "list"], environment);
    expect([exitCode, out, said.length]).toEqual([1, [], 2]);
    expect(said[0]).toMatch(new RegExp(`^fx-ticks: ${status} `));
    expect(said[1]).toContain(hint);
    expect(said.join()).not.toContain("s3cret");
  });

  it.each(["import", "export", "simulate", "replay", "watch"])("can be given to %s", async (command) => {
    const { out } = await run([command, "--help"]);
    expect(out.join()).toContain("--token <token>");
    expect(out.join()).not.toContain("s3cret");
  });

  it("is not repeated where a flag is mistyped", async () => {
    const { said } = await run(["keys", "list", `--tokne=${ADMIN}`]);
    expect(said.join()).toContain("unknown option '--tokne=fxk_…'");
  });
});
