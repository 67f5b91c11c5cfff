import { startService, type TestRedis, type TestService, testDatabase, testRedis } from "@fx-ohlc/testkit";
import { textOf, yamlOf } from "./repository.js";

interface Rule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
  readonly labels?: { readonly severity?: string };
  readonly annotations?: { readonly summary?: string; readonly runbook?: string };
}

interface Panel {
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
}

/** What the exporters beside the services are asked for; each was looked up on a running one. */
const OF_EXPORTERS = [
  "up",
  "pg_up",
  "pg_stat_activity_count",
  "pg_settings_max_connections",
  "pg_stat_database_xact_commit",
  "pg_stat_database_xact_rollback",
  "pg_database_size_bytes",
  "pg_stat_replication_pg_wal_lsn_diff",
  "redis_up",
  "redis_memory_used_bytes",
  "redis_memory_max_bytes",
  "redis_commands_processed_total",
  "redis_connected_clients",
  "node_filesystem_avail_bytes",
  "node_filesystem_size_bytes",
];
const KEYWORDS = new Set(["and", "or", "unless", "bool", "offset"]);

const rules = yamlOf<{ groups: readonly { rules: readonly Rule[] }[] }>(
  "infra/prometheus/rules/fx-ohlc.yml",
).groups.flatMap((group) => group.rules);
const alerts = rules.filter((rule) => rule.alert !== undefined);
const { panels } = JSON.parse(textOf("infra/grafana/dashboards/fx-ohlc.json")) as { panels: readonly Panel[] };

/** The metrics a PromQL expression names: what is left without strings, label lists, ranges, functions and keywords. */
function metricsIn(expression: string): string[] {
  const bare = expression
    .replaceAll(/"[^"]*"/g, "")
    .replaceAll(/\{[^}]*\}|\[[^\]]*\]/g, "")
    .replaceAll(/\boffset\s+\w+/g, "")
    .replaceAll(/\b(by|without|on|ignoring)\s*\([^)]*\)/g, "");
  const words = bare.match(/[a-zA-Z_:][\w:]*(?!\s*\(|[\w:])/g) ?? [];
  return words.filter((word) => !KEYWORDS.has(word));
}

/** Every series name in a service's answer, those of histograms included. */
function namesIn(text: string): string[] {
  return [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].flatMap(([, name = "", type]) =>
    type === "histogram" ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
  );
}

describe("monitoring", () => {
  const known = new Set<string>([...OF_EXPORTERS, ...rules.flatMap(({ record = [] }) => record)]);
  const services: TestService[] = [];
  let database: Awaited<ReturnType<typeof testDatabase>>;
  let redis: TestRedis;

  beforeAll(async () => {
    [database, redis] = await Promise.all([testDatabase(), testRedis()]);
    const env = { DATABASE_URL: database.url, REDIS_URL: redis.url, LOG_LEVEL: "warn" };
    const start = (name: string, more = {}) => startService({ name, env: { ...env, ...more } });
    const [ingest, query] = await Promise.all([start("tick-ingest"), start("ohlc-query")]);
    services.push(ingest, query, await start("stream-gateway", { OHLC_QUERY_URL: query.url }));
    for (const { url } of services) {
      for (const name of namesIn(await (await fetch(`${url}/metrics`)).text())) known.add(name);
    }
  });

  afterAll(async () => {
    await Promise.all(services.map((service) => service.stop()));
    await Promise.all([database.drop(), redis.drop()]);
  });

  test("the dashboard asks only for metrics that the services and exporters have", () => {
    const asked = panels.flatMap(({ targets = [] }) => targets.flatMap(({ expr }) => metricsIn(expr)));
    expect(asked.length).toBeGreaterThan(40);
    expect(asked.filter((name) => !known.has(name))).toEqual([]);
  });

  test("alerts look only at metrics that the services and exporters have", () => {
    const asked = rules.flatMap(({ expr }) => metricsIn(expr));
    expect(asked.filter((name) => !known.has(name))).toEqual([]);
  });

  test("a metric that nobody has would be found", () => {
    expect(metricsIn('sum by (job) (rate(no_such_total{a="up"}[5m])) / max(other) > 0.01 and on () third')).toEqual([
      "no_such_total",
      "other",
      "third",
    ]);
  });
});

const fired = ["alerts", "feeds"].map((name) => textOf(`infra/prometheus/${name}.test.yml`)).join("\n");

describe("every alert", () => {
  test.each(alerts.map(({ alert }) => [alert]))("%s is fired by a test of promtool", (name) => {
    expect(fired).toMatch(new RegExp(`labels: '\\{alertname="${name}"|alertname: ${name}\\n *exp_alerts:\\n`));
  });

  test.each(alerts.map((rule) => [rule.alert, rule] as const))(
    "%s has a severity, a summary and a runbook that exists",
    (name, rule) => {
      expect(["page", "warn"]).toContain(rule.labels?.severity);
      expect(rule.annotations?.summary).toBeTruthy();
      const [page, anchor] = (rule.annotations?.runbook ?? "").split(":", 1)[0]?.split("#") ?? [];
      expect(anchor).toBe(name?.toLowerCase());
      expect(textOf(page ?? "")).toMatch(new RegExp(`^## ${name}$`, "m"));
    },
  );
});
