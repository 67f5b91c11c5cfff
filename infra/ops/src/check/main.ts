/**
 * node infra/ops/dist/check/main.js
 *
 * Holds what the system is deployed with against the tools that will read it: compose files, Prometheus's configuration and
 * rules, the Helm chart. Tools that are not installed are fetched from Debian and npm.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { compose, helm, promtool } from "./tools.js";

const ROOT = fileURLToPath(new URL("../../../..", import.meta.url));
const CHART = "infra/helm/fx-ohlc";

let failures = 0;

function check(what: string, program: string, ...args: readonly string[]): void {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: ROOT, encoding: "utf8" });
  process.stdout.write(`${status === 0 ? "ok  " : "FAIL"} ${what}\n`);
  if (status === 0) return;
  failures += 1;
  process.stdout.write(`${stdout}${stderr}`);
}

const [docker, ...first] = compose();
for (const file of ["docker-compose.yml", "docker-compose.prod.yml"]) {
  check(`compose config ${file}`, docker, ...first, "-f", file, "config", "--quiet");
}
for (const file of ["infra/docker/tls.yml", "infra/docker/gateway-ports.yml"]) {
  check(
    `compose config with ${file}`,
    docker,
    ...first,
    "-f",
    "docker-compose.prod.yml",
    "-f",
    file,
    "config",
    "--quiet",
  );
}
const open = "infra/docker/auth-off.yml";
check(`compose config with ${open}`, docker, ...first, "-f", "docker-compose.yml", "-f", open, "config", "--quiet");
const prometheus = promtool();
// Its secret is a file of the containers only: what the configuration names is not looked for here.
check("promtool check config", prometheus, "check", "config", "--syntax-only", "infra/prometheus/prometheus.yml");
check("promtool check rules", prometheus, "check", "rules", "infra/prometheus/rules/fx-ohlc.yml");
for (const file of ["feeds", "alerts"])
  check(`promtool test rules ${file}`, prometheus, "test", "rules", `infra/prometheus/${file}.test.yml`);
const binary = await helm();
check("helm lint", binary, "lint", "--strict", CHART);
check("helm template", binary, "template", "fx", CHART);
const everything = [
  "serviceMonitor.enabled=true",
  "prometheusRule.enabled=true",
  "edge.autoscaling.enabled=false",
  "image.digests.tick-ingest=sha256:0",
  "networkPolicy.databaseTo[0].ipBlock.cidr=10.0.0.0/24",
  "networkPolicy.redisTo[0].ipBlock.cidr=10.0.0.0/24",
  "streamGateway.autoscaling.connections=5000",
  "ingress.tlsSecret=tls",
  "access.jwt.jwksUrl=https://id.example.com/jwks.json",
  "access.jwt.publicKey.secretName=jwt",
  "archiver.enabled=true",
  "archiver.volumeClaim=archive",
  "tracing.endpoint=http://otel-collector.monitoring:4318",
];
check("helm template, all of it", binary, "template", "fx", CHART, ...everything.flatMap((value) => ["--set", value]));
check(
  "helm template, a command by hand",
  ...[binary, "template", "fx", CHART, "--set", "archiver.enabled=true,archiver.volumeClaim=archive"],
  ...["--set", "migrate.args={archive,--start,2024-01-01}", "--show-only", "templates/migrate.yaml"],
);
check("helm template, access off", binary, "template", "fx", CHART, "--set", "access.enabled=false");
process.exitCode = failures === 0 ? 0 : 1;
