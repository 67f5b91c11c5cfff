#!/usr/bin/env node
/**
 * node infra/docker/make-secrets.mjs [FOLDER]
 *
 * Writes the secrets that docker-compose.prod.yml mounts, with random passwords, into ./secrets. What is there already stays,
 * for a database keeps the passwords it was made with. The folder is for its owner alone; the files in it are readable,
 * because each container reads its own ones as a user of its own.
 */
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const folder = process.argv[2] ?? process.env.SECRETS_DIR ?? "secrets";
const password = () => randomBytes(24).toString("hex");
const [redisPassword, redisMonitorPassword, redisAdminPassword] = [password(), password(), password()];

/**
 * What the services need: `info` is how the publish script knows whether the server is still the same one. A pattern
 * subscription is allowed only to exactly the pattern that is named, and theirs holds the id of a database that is made later:
 * so every channel is allowed.
 */
const REDIS_ACL = [
  "user default off",
  `user fx on >${redisPassword} ~fx:* &* +@all -@admin -@dangerous +info`,
  `user monitor on >${redisMonitorPassword} -@all +ping +info +config|get +slowlog +latency +client +dbsize +select`,
  "user health on nopass -@all +ping",
];
/** For people: `default` is off, and nobody else may look or mend. */
const REDIS_ADMIN = `user admin on >${redisAdminPassword} ~* &* +@all`;

const SECRETS = {
  postgres_password: password(),
  database_url: `postgres://fx:${password()}@timescaledb:5432/fx`,
  database_reader_url: `postgres://fx_reader:${password()}@timescaledb:5432/fx`,
  database_monitor_password: password(),
  redis_acl: `${[...REDIS_ACL, REDIS_ADMIN].join("\n")}\n`,
  redis_url: `redis://fx:${redisPassword}@redis:6379`,
  redis_admin_password: redisAdminPassword,
  redis_monitor_password: JSON.stringify({ "redis://redis:6379": redisMonitorPassword }),
  grafana_password: password(),
  // What the services show one another, and Prometheus shows them.
  internal_secret: password(),
  // The first key: it makes all others (infra/guide/access.md).
  admin_key: `fxk_${randomBytes(8).toString("hex")}_${randomBytes(32).toString("base64url")}`,
};

// Half of the pair would not fit the other half.
const redisFiles = ["redis_acl", "redis_url", "redis_monitor_password"];
const hasRedis = redisFiles.some((name) => existsSync(join(folder, name)));

mkdirSync(folder, { recursive: true, mode: 0o700 });
for (const [name, text] of Object.entries(SECRETS)) {
  const file = join(folder, name);
  if (existsSync(file) || (hasRedis && redisFiles.includes(name))) continue;
  writeFileSync(file, text, { mode: 0o444 });
  console.log(`wrote ${file}`);
}
if (hasRedis) addRedisAdmin();

/** An access list of an earlier version has none; Redis reads it when it starts. */
function addRedisAdmin() {
  const file = join(folder, "redis_acl");
  const list = existsSync(file) ? readFileSync(file, "utf8") : undefined;
  if (list === undefined || /^user admin /m.test(list)) return;
  writeFileSync(`${file}.new`, `${list.trimEnd()}\n${REDIS_ADMIN}\n`, { mode: 0o444 });
  renameSync(`${file}.new`, file);
  writeFileSync(join(folder, "redis_admin_password"), redisAdminPassword, { mode: 0o444 });
  console.log(`added the user admin to ${file}`);
}
