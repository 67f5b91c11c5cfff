import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execPath } from "node:process";
import { type Environment, type EnvReader, readEnv } from "@fx-ohlc/service-kit";
import { migrateOptions } from "../../../packages/database/src/migrate-options.js";
import { readConfig as readArchiverConfig } from "../../../services/archiver/src/config.js";
import { readConfig as readQueryConfig } from "../../../services/ohlc-query/src/config.js";
import { readConfig as readGatewayConfig } from "../../../services/stream-gateway/src/config.js";
import { readConfig as readIngestConfig } from "../../../services/tick-ingest/src/config.js";
import { pathOf, textOf, yamlOf } from "./repository.js";

interface ComposeService {
  readonly image: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly restart?: string;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly mem_limit?: string;
  readonly cpus?: string;
  readonly secrets?: readonly string[];
  readonly command?: readonly string[];
}

interface ComposeFile {
  readonly services: Readonly<Record<string, ComposeService>>;
}

const FILES = ["docker-compose.yml", "docker-compose.prod.yml"] as const;
const CONFIGS: Readonly<Record<string, (env: EnvReader) => unknown>> = {
  migrate: migrateOptions,
  "tick-ingest": readIngestConfig,
  "ohlc-query": readQueryConfig,
  "stream-gateway": readGatewayConfig,
  archiver: readArchiverConfig,
};
/** What every service must be told; the rest has defaults. */
const ADDRESSES = {
  DATABASE_URL: "postgres://u@h/d",
  REDIS_URL: "redis://h",
  ARCHIVE_URL: "file:///archive",
  INTERNAL_SECRET: "0123456789abcdef",
};
/** Where the compose files mean something else than a service on its own does. */
const OWN_DEFAULTS = {
  AUTH: "on",
  RETENTION_DAYS_INITIAL: "90",
  SHUTDOWN_GRACE_MS: "1500",
  REPLICAS_EXPECTED: "1",
  OHLC_QUERY_URL: "http://ohlc-query:8002",
  TRUSTED_PROXIES: "10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,fc00::/7",
};
/** Fixed by the compose files: a port nobody sees, and connections that only one kind of deployment has. */
const NOT_OFFERED = new Set(["PORT", "REDIS_CLUSTER", "DATABASE_DIRECT_URL", "DATABASE_READ_URL", "DB_ENGINE"]);
/** Offered as the name of a file. */
const SECRET = new Set(["ADMIN_KEY", "JWT_PUBLIC_KEY"]);

const compose = (file: string) => yamlOf<ComposeFile>(file);

/** `${NAME:-default}` as compose fills it in where nobody set anything. */
function withDefaults(value: string): string {
  return String(value).replaceAll(/\$\{\w+:-([^}]*)\}/g, "$1");
}

/** The names of all variables that a configuration asks for. */
function variablesOf(readConfig: (env: EnvReader) => unknown): string[] {
  const names = new Set<string>();
  const env = new Proxy<Environment>(ADDRESSES, {
    get: (target, name) => {
      if (!String(name).endsWith("_FILE")) names.add(String(name));
      return target[String(name)];
    },
  });
  readEnv(env, readConfig);
  return [...names];
}

describe.each(FILES)("%s", (file) => {
  const { services } = compose(file);

  test.each(Object.entries(CONFIGS))(
    "offers every variable of %s, each with the service's own default",
    (name, read) => {
      const environment = services[name]?.environment ?? {};
      const offered = variablesOf(read).filter(
        (variable) => !NOT_OFFERED.has(variable) && !SECRET.has(variable) && !(variable in ADDRESSES),
      );
      expect(Object.keys(environment)).toEqual(expect.arrayContaining(offered));
      const filled = Object.entries(environment).map(([key, value]) => [key, withDefaults(value)] as const);
      const given = Object.fromEntries(filled.filter(([key]) => offered.includes(key)));
      const own = Object.fromEntries(Object.entries(OWN_DEFAULTS).filter(([key]) => offered.includes(key)));
      expect(readEnv({ ...ADDRESSES, ...given }, read)).toEqual(readEnv({ ...ADDRESSES, ...own }, read));
    },
  );

  test("tells every service alike where traces go", () => {
    const tracing = (name: string) =>
      Object.entries(services[name]?.environment ?? {}).filter(([variable]) => variable.startsWith("OTEL_"));
    const told = Object.keys(CONFIGS).filter((name) => name !== "migrate");
    for (const name of told) expect([name, tracing(name)]).toEqual([name, tracing("tick-ingest")]);
    expect(tracing("tick-ingest")).not.toEqual([]);
  });

  test(".env.example names every variable with its default", () => {
    const example = Object.fromEntries(
      [...textOf(".env.example").matchAll(/^(\w+)=(.*)$/gm)].map(([, name, value]) => [name, value]),
    );
    for (const [, name = "", fallback] of textOf(file).matchAll(/\$\{(\w+):-([^}]*)\}/g)) {
      expect([name, example[name]]).toEqual([name, fallback]);
    }
  });

  test("pins every image that is not built here, and TimescaleDB to one that is new enough", () => {
    const images = Object.values(services).map(({ image }) => image);
    for (const image of images.filter((candidate) => !/^\$\{FX_REGISTRY:-fx-ohlc\}\//.test(candidate))) {
      expect(image).toMatch(/:v?\d+\.\d+\.\d+/);
    }
    const [, major, minor] = /timescaledb:(\d+)\.(\d+)/.exec(images.join(" ")) ?? [];
    expect(Number(major) * 100 + Number(minor)).toBeGreaterThanOrEqual(228);
  });

  test("hardens every container but the database, whose entrypoint sets up its folder", () => {
    const { timescaledb: _, ...others } = services;
    for (const { read_only, cap_drop, security_opt } of Object.values(others)) {
      expect({ read_only, cap_drop, security_opt }).toEqual({
        read_only: true,
        cap_drop: ["ALL"],
        security_opt: ["no-new-privileges:true"],
      });
    }
  });
});

describe("docker-compose.prod.yml", () => {
  const { services } = compose("docker-compose.prod.yml");

  test("publishes the edge's port and no other", () => {
    const published = Object.entries(services).filter(([, { ports = [] }]) => ports.length > 0);
    expect(published.map(([name]) => name)).toEqual(["edge"]);
  });

  test("bounds every container and starts it again", () => {
    for (const [name, { restart, mem_limit, cpus }] of Object.entries(services)) {
      if (name !== "migrate") expect([name, restart, mem_limit, cpus]).not.toContain(undefined);
    }
  });

  test("hands each container the secrets it needs and no others", () => {
    expect(
      Object.fromEntries(Object.entries(services).map(([name, { secrets = [] }]) => [name, secrets])),
    ).toMatchObject({
      migrate: ["database_url", "admin_key"],
      "tick-ingest": ["database_url", "redis_url", "internal_secret"],
      "ohlc-query": ["database_reader_url", "redis_url", "internal_secret"],
      "stream-gateway": ["redis_url", "internal_secret"],
      archiver: ["database_url", "redis_url", "internal_secret"],
      prometheus: ["internal_secret"],
      edge: [],
      simulator: [],
    });
    expect(textOf("docker-compose.prod.yml")).not.toMatch(/PASSWORD: |:\/\/[^\s@]+:[^\s@]+@/);
  });
});

test("keys have the shape that services take, whoever makes them", () => {
  const folder = mkdtempSync(join(tmpdir(), "secrets-"));
  try {
    const { command } = compose("docker-compose.yml").services.secrets ?? {};
    const [shell = "", ...args] = (command ?? []).map((arg) => arg.replaceAll("$$", "$"));
    const made = (make: () => unknown) => {
      make();
      return ["internal_secret", "admin_key"].map((name) => readFileSync(join(folder, name), "utf8").trim());
    };
    const first = made(() => execFileSync(shell, args, { cwd: folder }));
    expect(made(() => execFileSync(shell, args, { cwd: folder }))).toEqual(first);
    for (const name of ["internal_secret", "admin_key"]) rmSync(join(folder, name));
    const second = made(() => execFileSync(execPath, [pathOf("infra/docker/make-secrets.mjs"), folder]));
    for (const [secret = "", key = ""] of [first, second]) {
      expect(secret.length).toBeGreaterThanOrEqual(43);
      expect(key).toMatch(/^fxk_[A-Za-z0-9]{4,32}_[A-Za-z0-9_-]{43}$/);
    }
    expect(new Set([...first, ...second]).size).toBe(4);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("the Dockerfile builds with the pnpm and the turbo of the project", () => {
  const { packageManager } = JSON.parse(textOf("package.json")) as { packageManager: string };
  const { catalog } = yamlOf<{ catalog: Record<string, string> }>("pnpm-workspace.yaml");
  expect(textOf("infra/docker/Dockerfile")).toContain(
    `npm install --global ${packageManager} turbo@${String(catalog.turbo)}`,
  );
});
