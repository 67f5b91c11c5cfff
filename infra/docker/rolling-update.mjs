#!/usr/bin/env node
/**
 * node infra/docker/rolling-update.mjs [-f docker-compose.prod.yml] SERVICE…
 *
 * Replaces every container of each service, one service after the other, by new ones of the image that is there now: starts
 * as many beside them, waits until those are healthy, then stops the old ones one by one. For an upgrade, build or pull the
 * new images and run `fx-migrate` first; without a new image it is a rolling restart.
 */
import { spawnSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";

const HEALTHY_WITHIN_MS = 120_000;
const LOOK_EVERY_MS = 1_000;
/** Longer than nginx and Prometheus take to see a new address. */
const SETTLE_MS = 2_000;
/** A service ends in order within 25 s. */
const STOP_TIMEOUT_S = 30;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { file: { type: "string", short: "f", default: "docker-compose.prod.yml" } },
});
if (positionals.length === 0) throw new Error("name the services to update");
const compose = composeCommand();
for (const service of positionals) await update(service);

async function update(service) {
  const old = containersOf(service);
  console.log(`${service}: ${old.length} running`);
  const twice = `${service}=${old.length * 2}`;
  runCompose(["up", "--detach", "--no-deps", "--no-recreate", "--scale", twice, service], "inherit");
  const fresh = containersOf(service).filter((id) => !old.includes(id));
  for (const id of fresh) await untilHealthy(id);
  await sleep(SETTLE_MS);
  for (const id of old) {
    run("docker", ["stop", "--time", String(STOP_TIMEOUT_S), id]);
    run("docker", ["rm", id]);
  }
  console.log(`${service}: ${fresh.length} new ones`);
}

async function untilHealthy(id) {
  const deadlineMs = Date.now() + HEALTHY_WITHIN_MS;
  while (run("docker", ["inspect", "--format", "{{.State.Health.Status}}", id]).trim() !== "healthy") {
    if (Date.now() > deadlineMs) throw new Error(`${id} is not healthy; the old containers still run`);
    await sleep(LOOK_EVERY_MS);
  }
}

function containersOf(service) {
  return runCompose(["ps", "--quiet", service]).split("\n").filter(Boolean);
}

/** `docker compose`, or the program it has replaced. */
function composeCommand() {
  const isPlugin = spawnSync("docker", ["compose", "version"]).status === 0;
  return isPlugin ? ["docker", "compose"] : ["docker-compose"];
}

function runCompose(args, stdout = "pipe") {
  const [program, ...first] = compose;
  return run(program, [...first, "-f", values.file, ...args], stdout);
}

function run(program, args, stdout = "pipe") {
  const result = spawnSync(program, args, { encoding: "utf8", stdio: ["ignore", stdout, "inherit"] });
  if (result.status !== 0) throw new Error(`${program} ${args.join(" ")} failed`);
  return result.stdout ?? "";
}
