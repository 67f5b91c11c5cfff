/**
 * Somewhere in time, to be found when the event happens: around the present, the retention horizon, the mark of what was dropped
 * or the start of an FX day. `at` goes from 0 to 1 through the range that is meant.
 */
export interface Place {
  readonly around: "now" | "minutes" | "hours" | "days" | "horizon" | "edge" | "mark" | "fx-day";
  readonly at: number;
}

/** What can happen to a system in its life. Everything is in it that chance decides, so that a list of them can be run again. */
export type LifeEvent =
  | {
      readonly kind: "post";
      readonly symbol: number;
      readonly places: readonly Place[];
      readonly prices: readonly number[];
    }
  | { readonly kind: "post-run"; readonly symbol: number; readonly place: Place; readonly prices: readonly number[] }
  | { readonly kind: "post-now"; readonly symbol: number; readonly price: number }
  | { readonly kind: "replay"; readonly pick: number }
  | { readonly kind: "put"; readonly symbol: number; readonly place: Place; readonly price: number }
  | { readonly kind: "delete"; readonly symbol: number; readonly place: Place; readonly minutes: number }
  | { readonly kind: "delete-stamp"; readonly symbol: number; readonly place: Place }
  | { readonly kind: "settings"; readonly keepDays: number | "left-out" }
  | { readonly kind: "outage"; readonly hours: number; readonly killed: boolean }
  | { readonly kind: "maintain" }
  | { readonly kind: "service-clock"; readonly aheadS: number }
  | { readonly kind: "database-clock"; readonly aheadS: number }
  | { readonly kind: "clocks-right" }
  | {
      readonly kind: "kill-writer";
      readonly symbol: number;
      readonly places: readonly Place[];
      readonly afterMs: number;
    }
  | {
      readonly kind: "kill-maintenance";
      readonly keepDays: number;
      readonly how: "session" | "process";
      readonly afterMs: number;
    }
  | { readonly kind: "backup" }
  | { readonly kind: "restore"; readonly pick: number; readonly isMigrated: boolean; readonly isStopped: boolean }
  | { readonly kind: "redis"; readonly what: "save" | "restore" | "flush" | "restart" }
  | { readonly kind: "operator"; readonly act: OperatorAct; readonly at: number }
  | { readonly kind: "gateway"; readonly killed: boolean };

/** What an operator does in SQL. All but the first are for TimescaleDB. */
export type OperatorAct =
  | "vacuum"
  | "drop-chunks"
  | "retention-policy"
  | "run-jobs"
  | "compress"
  | "refresh-safely"
  | "refresh-all";

export type EventOf<Kind extends LifeEvent["kind"]> = Extract<LifeEvent, { readonly kind: Kind }>;

type Random = () => number;

const SYMBOLS = 3;
/** Days of ticks that `RETENTION_DAYS` takes, 0 for ever, with the first history reaching 25 days back. */
const KEEP_DAYS: readonly (number | "left-out")[] = [8, 8, 9, 10, 15, 30, 0, 0, "left-out"];
const OUTAGE_HOURS = [0, 0, 1, 3, 26, 24 * 3, 24 * 7, 24 * 10];
const SERVICE_AHEAD_S = [2, 60, 7_200, 86_400, 3 * 86_400, -60, -3_600];
const DATABASE_AHEAD_S = [2, 60, 7_200, 10 * 86_400, -60];
const TICKS_MAX = 12;
const OPERATOR_ACTS: readonly OperatorAct[] = [
  "vacuum",
  "drop-chunks",
  "retention-policy",
  "run-jobs",
  "compress",
  "refresh-safely",
  "refresh-all",
];

function pick<T>(items: readonly T[], random: Random): T {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new RangeError("nothing to pick from");
  return item;
}

/** Three decimal places, and few of them, so that equal prices and equal stamps come up. */
function price(random: Random): number {
  return 1 + Math.floor(random() * 200) / 1_000;
}

const AROUND: readonly Place["around"][] = ["now", "minutes", "hours", "days", "horizon", "edge", "mark", "fx-day"];

function place(random: Random): Place {
  return { around: pick(AROUND, random), at: Math.round(random() * 1e6) / 1e6 };
}

/** Ticks of one request lie together, or are spread over everything. */
function places(random: Random): Place[] {
  const count = 1 + Math.floor(random() * TICKS_MAX);
  const { around } = place(random);
  return Array.from({ length: count }, () => (random() < 0.8 ? { ...place(random), around } : place(random)));
}

function symbolOf(random: Random): number {
  return Math.floor(random() * SYMBOLS);
}

function post(random: Random): EventOf<"post"> {
  const where = places(random);
  return { kind: "post", symbol: symbolOf(random), places: where, prices: where.map(() => price(random)) };
}

/** How each kind is made, and how often it comes up among the others. */
const MAKERS: readonly (readonly [weight: number, make: (random: Random) => LifeEvent])[] = [
  [18, post],
  [
    4,
    (random) => {
      const prices = Array.from({ length: 2 + Math.floor(random() * 3) }, () => price(random));
      return { kind: "post-run", symbol: symbolOf(random), place: place(random), prices };
    },
  ],
  [5, (random) => ({ kind: "post-now", symbol: symbolOf(random), price: price(random) })],
  [8, (random) => ({ kind: "replay", pick: random() })],
  [8, (random) => ({ kind: "put", symbol: symbolOf(random), place: place(random), price: price(random) })],
  [
    5,
    (random) => {
      const minutes = pick([1, 10, 120, 1_500], random);
      return { kind: "delete", symbol: symbolOf(random), place: place(random), minutes };
    },
  ],
  [3, (random) => ({ kind: "delete-stamp", symbol: symbolOf(random), place: place(random) })],
  [9, (random) => ({ kind: "settings", keepDays: pick(KEEP_DAYS, random) })],
  [7, (random) => ({ kind: "outage", hours: pick(OUTAGE_HOURS, random), killed: random() < 0.5 })],
  [8, () => ({ kind: "maintain" })],
  [4, (random) => ({ kind: "service-clock", aheadS: pick(SERVICE_AHEAD_S, random) })],
  [4, (random) => ({ kind: "database-clock", aheadS: pick(DATABASE_AHEAD_S, random) })],
  [6, () => ({ kind: "clocks-right" })],
  [
    4,
    (random) => ({
      ...{ kind: "kill-writer", symbol: symbolOf(random), places: places(random) },
      afterMs: Math.floor(random() * 20),
    }),
  ],
  [
    5,
    (random) => {
      const keepDays = pick([8, 9, 12], random);
      const how = pick(["session", "process"] as const, random);
      return { kind: "kill-maintenance", keepDays, how, afterMs: Math.floor(random() * 200) };
    },
  ],
  [5, () => ({ kind: "backup" })],
  [5, (random) => ({ kind: "restore", pick: random(), isMigrated: random() < 0.5, isStopped: random() < 0.5 })],
  [5, (random) => ({ kind: "redis", what: pick(["save", "restore", "restore", "flush", "restart"] as const, random) })],
  [8, (random) => ({ kind: "operator", act: pick(OPERATOR_ACTS, random), at: random() })],
  [2, (random) => ({ kind: "gateway", killed: random() < 0.5 })],
];

const WEIGHT = MAKERS.reduce((sum, [weight]) => sum + weight, 0);

/** The events of a life. The same numbers make the same events, whatever the system makes of them. */
export function lifeOf(random: Random, length: number): LifeEvent[] {
  return Array.from({ length }, () => {
    let left = random() * WEIGHT;
    const found = MAKERS.find(([weight]) => {
      left -= weight;
      return left < 0;
    });
    const [, make] = found ?? MAKERS[0] ?? [0, post];
    return make(random);
  });
}
