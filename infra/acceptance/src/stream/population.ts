import { AccountBook } from "./account-book.js";
import { type Habit, HarnessClient } from "./harness-client.js";
import { openFreezable, openSocket } from "./link.js";
import { MultiplexListening } from "./multiplex-listening.js";
import { PlainListening } from "./plain-listening.js";
import type { StreamRecord } from "./record.js";

export interface PopulationOptions {
  readonly symbols: readonly string[];
  readonly gateways: readonly string[];
  readonly record: StreamRecord;
  readonly random: () => number;
}

interface Kind {
  readonly name: string;
  /** Of a hundred clients. */
  readonly share: number;
  readonly isPlain?: boolean;
  readonly isProcess?: boolean;
  readonly habit?: Habit;
}

const between = (fromMs: number, toMs: number) => (random: number) => fromMs + random * (toMs - fromMs);

/** Slow ones stay below the time after which a gateway closes them, stalled ones go beyond it. Processes cost 40 MB each. */
const KINDS: readonly Kind[] = [
  { name: "steady", share: 15 },
  { name: "steady plain", share: 10, isPlain: true },
  { name: "restless", share: 30, habit: { restMs: between(100, 6_000) } },
  { name: "restless plain", share: 10, isPlain: true, habit: { restMs: between(500, 10_000) } },
  { name: "slow", share: 15, habit: { restMs: between(50, 2_000), pauseMs: between(100, 2_500) } },
  { name: "slow plain", share: 5, isPlain: true, habit: { restMs: between(500, 2_000), pauseMs: between(100, 2_500) } },
  { name: "stalled", share: 10, habit: { restMs: between(1_000, 8_000), pauseMs: between(4_000, 9_000) } },
  {
    name: "frozen process",
    share: 5,
    isProcess: true,
    habit: { restMs: between(1_000, 6_000), pauseMs: between(500, 9_000) },
  },
];

/** A process takes half a second of a core to start; more of them would be a test of the machine. */
const PROCESSES_MAX = 12;

/** A client with the name of its kind. */
export interface Inhabitant {
  readonly kind: string;
  readonly client: HarnessClient;
}

/** Clients of every kind, in their shares. */
export function populate(count: number, options: PopulationOptions): Inhabitant[] {
  return KINDS.flatMap((kind) => {
    const wanted = Math.max(1, Math.round((count * kind.share) / 100));
    const length = kind.isProcess ? Math.min(PROCESSES_MAX, wanted) : wanted;
    return Array.from({ length }, () => ({ kind: kind.name, client: newClient(kind, options) }));
  });
}

function newClient({ isPlain, isProcess, habit }: Kind, options: PopulationOptions): HarnessClient {
  const { symbols, record, gateways, random } = options;
  const followsAll = !isPlain && random() < 0.2;
  const book = new AccountBook(followsAll ? symbols : someOf(symbols, random));
  const channels = followsAll ? ["ticks:*"] : book.symbols.map((symbol) => `ticks:${symbol}`);
  const listening = isPlain ? new PlainListening(book, record) : new MultiplexListening(channels, book, record);
  const open = isProcess ? openFreezable : openSocket;
  return new HarnessClient({ book, listening, open, habit, gateways, random });
}

/** Between one and three of them. */
function someOf(symbols: readonly string[], random: () => number): string[] {
  const from = Math.floor(random() * symbols.length);
  const count = 1 + Math.floor(random() * 3);
  return [...symbols, ...symbols].slice(from, from + Math.min(count, symbols.length));
}
