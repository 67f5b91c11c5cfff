import { PassThrough } from "node:stream";
import { Describe, IsAnyText, IsCount, IsListOf, IsText, Sometimes } from "@fx-ohlc/schemas";
import { Ajv2020 } from "ajv/dist/2020.js";
import request from "supertest";
import {
  bindRoutes,
  COMMON_ROUTES,
  Components,
  createHttpApp,
  createLogger,
  declareRoutes,
  Health,
  Metrics,
  openApiDocument,
  type RouteDeclarations,
  sendJson,
} from "../src/index.js";
import { OPEN_GATE } from "./open-gate.js";

class Wheel {
  @IsCount()
  readonly spokes!: number;
}

class Bicycle {
  @Describe("Shown to people.")
  @IsText()
  readonly name!: string;

  @IsListOf(Wheel)
  readonly wheels!: readonly Wheel[];

  @Sometimes()
  @IsCount()
  readonly gears?: number;
}

class Tandem extends Bicycle {
  @IsCount(2)
  readonly riders!: number;
}

class BicyclePath {
  static readonly fields: readonly string[] = ["name"];

  @IsAnyText()
  readonly name!: string;
}

const ROUTES = declareRoutes({
  getBicycle: {
    method: "GET",
    path: "/bicycles/{name}",
    access: "read",
    summary: "A bicycle",
    tag: "bicycles",
    pathDto: BicyclePath,
    answers: { 200: { description: "It.", content: { "application/json": Bicycle } } },
    problems: ["not_found", "invalid", "older_than_retention", "unavailable"],
  },
  getSecret: {
    method: "GET",
    path: "/internal/secret",
    access: "internal",
    summary: "For others of us",
    tag: "bicycles",
    answers: {},
    problems: [],
    hidden: true,
  },
});

const INFO = { title: "Bicycles", version: "1", description: "", tags: [{ name: "bicycles", description: "" }] };

function http(shown: RouteDeclarations = ROUTES) {
  const openApi = () => openApiDocument(INFO, { ...shown, ...COMMON_ROUTES }, {});
  const documents = {
    own: { openApi },
    system: { openApi, stream: { asyncApi: () => ({ asyncapi: "3.0.0" }), page: () => "<main></main>" } },
  };
  return request(
    createHttpApp({
      logger: createLogger({ service: "test", level: "error", destination: new PassThrough() }),
      metrics: new Metrics({ defaults: false }),
      health: new Health({ version: "1", dependencies: [] }),
      gate: OPEN_GATE,
      documents,
      routes: bindRoutes(ROUTES, {
        getBicycle: (_req, res, { path }) => sendJson(res, 200, { name: path.name, wheels: [] }),
        getSecret: (_req, res) => sendJson(res, 200, {}),
      }),
    }),
  );
}

test("a class is described with its fields, those of its base, what may be absent, and nothing else allowed", () => {
  const components = new Components();
  components.ref(Tandem);
  const ajv = new Ajv2020({ strict: false });
  const valid = ajv.compile({ ...components.ref(Tandem), components: { schemas: components.schemas } });
  const tandem = { name: "Daisy", wheels: [{ spokes: 36 }, { spokes: 36 }], riders: 2 };
  expect(valid(tandem)).toBe(true);
  expect(valid({ ...tandem, gears: 3 })).toBe(true);
  for (const wrong of [{ riders: 1 }, { gears: "3" }, { wheels: [{}] }, { bell: true }, { name: undefined }]) {
    expect(valid(JSON.parse(JSON.stringify({ ...tandem, ...wrong })))).toBe(false);
  }
});

test("two classes of one name are not mixed up", () => {
  const components = new Components();
  components.ref(Wheel);
  const other = { Wheel: class Wheel {} }.Wheel;
  expect(() => components.ref(other)).toThrow("two classes are called Wheel");
});

describe("the document", () => {
  const document = JSON.parse(JSON.stringify(openApiDocument(INFO, ROUTES, {})));

  test("has every route but the hidden ones", () => {
    expect(Object.keys(document.paths)).toEqual(["/bicycles/{name}"]);
  });

  test("shows the scope that a route needs, and the refusals that routes share", () => {
    const { security, description, responses } = document.paths["/bicycles/{name}"].get;
    expect(security).toEqual([{ bearer: ["read"] }, { key_in_url: ["read"] }]);
    expect(description).toContain("Needs the scope `read`.");
    expect(responses["401"].$ref).toBe("#/components/responses/Authentication_required");
  });

  test("joins problems of one status, and says when Retry-After comes with one", () => {
    const { responses } = document.paths["/bicycles/{name}"].get;
    expect(Object.keys(responses)).toEqual(["200", "401", "403", "404", "421", "422", "429", "503"]);
    expect(responses["422"].description).toMatch(/invalid.*older_than_retention/);
    expect(responses["503"].headers["Retry-After"].required).toBe(true);
    expect(responses["422"].headers).not.toHaveProperty("Retry-After");
  });
});

describe("a service", () => {
  test("serves its documents and pages at the root and the system's below /system", async () => {
    for (const path of [
      "/openapi.json",
      "/docs",
      "/docs/",
      "/redoc",
      "/system/openapi.json",
      "/system/asyncapi.json",
      "/system/stream-docs",
    ]) {
      expect((await http().get(path)).status).toBe(200);
    }
    expect((await http().get("/asyncapi.json")).status).toBe(404);
  });

  test("sends a document compressed to those who take it, and not again to those who have it", async () => {
    const first = await http().get("/openapi.json").set("Accept-Encoding", "gzip");
    expect(first.headers["content-encoding"]).toBe("gzip");
    const plain = await http().get("/openapi.json").set("Accept-Encoding", "identity");
    expect(plain.body).toEqual(first.body);
    const tag = String(first.headers.etag);
    expect(plain.headers.etag).not.toBe(tag);
    const again = await http().get("/openapi.json").set("Accept-Encoding", "gzip").set("If-None-Match", tag);
    expect(again.status).toBe(304);
  });

  test("serves pages that load nothing but what it serves itself", async () => {
    for (const page of [
      "/docs",
      "/docs/",
      "/redoc",
      "/redoc/",
      "/system/docs",
      "/system/redoc/",
      "/system/stream-docs",
      "/system/stream-docs/",
    ]) {
      const { text, headers } = await http().get(page);
      expect(headers["content-security-policy"]).toMatch(/default-src 'none'.*script-src 'self';/);
      expect(text).not.toMatch(/<script>|https?:\/\//);
      const links = [...text.matchAll(/(?:src|href|data-document|spec-url)="(?!data:)([^"]+)"/g)].map(
        ([, link]) => link,
      );
      expect(links.length).toBeGreaterThan(1);
      for (const link of links) {
        const { pathname } = new URL(link ?? "", `http://x${page}`);
        expect([pathname, (await http().get(pathname)).status]).toEqual([pathname, 200]);
      }
    }
  });

  test("serves a Redoc that tells nobody how it is used", async () => {
    expect((await http().get("/redoc")).text).toContain('disable-telemetry="true"');
  });

  test("does not start with a route that its document leaves out, nor without one that it shows", () => {
    const { getBicycle } = ROUTES;
    expect(() => http({})).toThrow("GET /bicycles/{name} is not documented");
    const more = { ...ROUTES, getTricycle: { ...getBicycle, path: "/tricycles/{name}" } };
    expect(() => http(more)).toThrow("GET /tricycles/{name} is documented and not there");
  });

  test("refuses parameters that a route does not declare", async () => {
    expect((await http().get("/bicycles/Daisy?colour=red")).status).toBe(400);
    expect((await http().get("/bicycles/Daisy")).body).toEqual({ name: "Daisy", wheels: [] });
  });
});
