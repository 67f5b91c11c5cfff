import { type RedisStore, withDeadline } from "@fx-ohlc/service-kit";
import type { AccessNames } from "./access-names.js";
import type { KeySnapshot } from "./key-list.js";

const WRITE_DEADLINE_MS = 2000;

/**
 * Replaces the snapshot unless there is a newer one of the same database: writers race. KEYS: version, keys, subjects. ARGV: the
 * database's incarnation, the number of its version, the channel, how many arguments follow for keys, those, and those for
 * subjects.
 *
 * The first thing it writes is something that a full Redis refuses: after that it would refuse nothing of a script.
 */
const REPLACE = `
local incarnation, number = ARGV[1], tonumber(ARGV[2])
local stored = redis.call('GET', KEYS[1])
if stored then
  local own, have = string.match(stored, '^(.*)/(%d+)$')
  if own == incarnation and tonumber(have) >= number then return 0 end
end
redis.call('SET', KEYS[1], stored or '/0')
redis.call('DEL', KEYS[2], KEYS[3])
local split = 4 + tonumber(ARGV[4])
for i = 5, split, 2 do redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1]) end
for i = split + 1, #ARGV, 2 do redis.call('HSET', KEYS[3], ARGV[i], ARGV[i + 1]) end
redis.call('SET', KEYS[1], incarnation .. '/' .. number)
redis.call('PUBLISH', ARGV[3], incarnation .. '/' .. number)
return 1`;

/** The version of a database's keys: its incarnation, and a number that each change raises. */
export function versionOf(incarnation: string, number: number): string {
  return `${incarnation}/${number}`;
}

/** Puts a snapshot onto Redis, whose readers hear of it at once. */
export async function writeSnapshot(
  redis: RedisStore,
  names: AccessNames,
  { version, keys, subjects }: KeySnapshot,
): Promise<void> {
  const slash = version.lastIndexOf("/");
  const keyFields = keys.flatMap((record) => [record.id, JSON.stringify(record)]);
  const subjectFields = Object.entries(subjects).flatMap(([subject, ms]) => [subject, String(ms)]);
  const writing = redis.clientOf(names.version).eval(REPLACE, {
    keys: [names.version, names.keys, names.subjects],
    arguments: [
      ...[version.slice(0, slash), version.slice(slash + 1), names.changes, String(keyFields.length)],
      ...keyFields,
      ...subjectFields,
    ],
  });
  await withDeadline(writing, WRITE_DEADLINE_MS, "the list of keys");
}

/** The version that is on Redis; undefined where there is none. */
export async function writtenVersion(redis: RedisStore, names: AccessNames): Promise<string | undefined> {
  const version = await withDeadline(
    redis.clientOf(names.version).get(names.version),
    WRITE_DEADLINE_MS,
    "the version",
  );
  return version ?? undefined;
}
