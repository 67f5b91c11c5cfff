import { setTimeout as delay } from "node:timers/promises";
import type { TestRedis, TestService } from "@fx-ohlc/testkit";
import { createClient } from "redis";

/** What the disturbances are done to. */
export interface Victims {
  readonly redis: TestRedis;
  readonly ingests: readonly TestService[];
  readonly gateways: readonly TestService[];
}

type Disturb = (victims: Victims, random: () => number) => Promise<void>;

/** Past the deadlines of both ends of a Redis connection, ms. */
const FREEZE_MS = 4_000;
/** Long enough that many commits wait to be published, ms. */
const OUTAGE_MS = 1_500;

async function emptyRedis({ redis }: Victims): Promise<void> {
  const client = createClient({ url: redis.url });
  await client.connect();
  await client.flushAll();
  client.destroy();
}

/** About half of all: some gateway goes on with one of its two, and is behind with the other. */
async function cutConnections({ redis }: Victims, random: () => number): Promise<void> {
  const client = createClient({ url: redis.url });
  await client.connect();
  const own = await client.clientId();
  const others = (await client.clientList()).filter(({ id }) => id !== own && random() < 0.5);
  await Promise.all(others.map(({ id }) => client.clientKill({ filter: "ID", id })));
  client.destroy();
}

function anyOf<T>(items: readonly T[], random: () => number): T {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new RangeError("there is none");
  return item;
}

/** Everything that goes wrong in a run, by its name; each leaves all of it running again. */
export const DISTURBANCES: Readonly<Record<string, Disturb>> = {
  "Redis restarted": async ({ redis }, random) => {
    await redis.stop();
    await delay(random() * OUTAGE_MS);
    await redis.start();
  },
  "Redis killed": async ({ redis }) => {
    await redis.kill9();
    await redis.start();
  },
  "Redis frozen": async ({ redis }, random) => {
    redis.freeze();
    await delay(FREEZE_MS * (0.2 + random()));
    redis.thaw();
  },
  "Redis emptied": emptyRedis,
  "connections to Redis cut": cutConnections,
  "a gateway frozen": async ({ gateways }, random) => {
    const gateway = anyOf(gateways, random);
    gateway.freeze();
    await delay(random() * FREEZE_MS);
    gateway.thaw();
  },
  "a gateway killed": async ({ gateways }, random) => {
    const gateway = anyOf(gateways, random);
    await gateway.kill9();
    await gateway.start();
  },
  "a gateway stopped": async ({ gateways }, random) => {
    const gateway = anyOf(gateways, random);
    await gateway.stop();
    await gateway.start();
  },
  "a tick-ingest killed": async ({ ingests }, random) => {
    const ingest = anyOf(ingests, random);
    await ingest.kill9();
    await ingest.start();
  },
};

/**
 * Disturbs in an order of chance, every kind before any of them a second time, with a rest between two, until it is aborted and
 * every kind has happened: how long they take is for the machine to say.
 *
 * @returns how often each happened
 */
export async function disturb(
  victims: Victims,
  { random, restMs, signal }: { random: () => number; restMs: number; signal: AbortSignal },
): Promise<Map<string, number>> {
  const names = Object.keys(DISTURBANCES);
  const done = new Map<string, number>();
  let waiting: string[] = [];
  const rest = () => delay(restMs * (0.5 + random()));
  for (await rest(); !signal.aborted || done.size < names.length; await rest()) {
    if (waiting.length === 0) waiting = [...names];
    const [name = ""] = waiting.splice(Math.floor(random() * waiting.length), 1);
    await DISTURBANCES[name]?.(victims, random);
    done.set(name, (done.get(name) ?? 0) + 1);
  }
  return done;
}
