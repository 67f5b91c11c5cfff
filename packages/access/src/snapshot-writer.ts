import { type RedisStore, withDeadline } from "@fx-ohlc/service-kit";
import type { AccessNames } from "./access-names.js";
import { type KeySnapshot, STALE_MS } from "./key-list.js";

const WRITE_DEADLINE_MS = 2000;

/**
 * Replaces the snapshot where it is still the one that was there before the database was read: writers race, and of two that have
 * read one history the later reader has the newer state. So a slow one never puts back what it read long ago, and what a restored
 * database says replaces what it said before, though that was more. KEYS: version, keys, subjects, confirmation. ARGV: the version
 * that was seen, the new one, the channel, for how long it is confirmed, how many arguments follow for keys, those, and those for
 * subjects.
 *
 * The first thing it writes is something that a full Redis refuses: after that it would refuse nothing of a script.
 */
const REPLACE = `
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2])
redis.call('SET', KEYS[4], '1', 'PX', ARGV[4])
redis.call('DEL', KEYS[2], KEYS[3])
local split = 5 + tonumber(ARGV[5])
for i = 6, split, 2 do redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1]) end
for i = split + 1, #ARGV, 2 do redis.call('HSET', KEYS[3], ARGV[i], ARGV[i + 1]) end
redis.call('PUBLISH', ARGV[3], ARGV[2])
return 1`;

/** Confirms a snapshot for some time, if it is still there. A full Redis lets what was confirmed be confirmed again. */
const CONFIRM = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if redis.call('PEXPIRE', KEYS[2], ARGV[2]) == 0 then redis.call('SET', KEYS[2], '1', 'PX', ARGV[2]) end
return 1`;

/**
 * Puts a snapshot onto Redis, whose readers hear of it at once.
 *
 * @param seen the version that was there before the snapshot was read from the database
 * @returns false when it is another one by now: then nothing was changed
 */
export async function writeSnapshot(
  redis: RedisStore,
  names: AccessNames,
  { version, keys, subjects }: KeySnapshot,
  seen: string | undefined,
): Promise<boolean> {
  const keyFields = keys.flatMap((record) => [record.id, JSON.stringify(record)]);
  const subjectFields = Object.entries(subjects).flatMap(([subject, ms]) => [subject, String(ms)]);
  const writing = redis.clientOf(names.version).eval(REPLACE, {
    keys: [names.version, names.keys, names.subjects, names.confirmed],
    arguments: [
      ...[seen ?? "", version, names.changes, String(STALE_MS), String(keyFields.length)],
      ...keyFields,
      ...subjectFields,
    ],
  });
  return (await withDeadline(writing, WRITE_DEADLINE_MS, "the list of keys")) === 1;
}

/**
 * Tells readers that a snapshot is what the database says.
 *
 * @returns false when another one is there
 */
export async function confirmSnapshot(redis: RedisStore, names: AccessNames, version: string): Promise<boolean> {
  const confirming = redis.clientOf(names.version).eval(CONFIRM, {
    keys: [names.version, names.confirmed],
    arguments: [version, String(STALE_MS)],
  });
  return (await withDeadline(confirming, WRITE_DEADLINE_MS, "the list of keys")) === 1;
}

/** The version that is on Redis; undefined where there is none. */
export async function writtenVersion(redis: RedisStore, names: AccessNames): Promise<string | undefined> {
  const reading = redis.clientOf(names.version).get(names.version);
  return (await withDeadline(reading, WRITE_DEADLINE_MS, "the version")) ?? undefined;
}
