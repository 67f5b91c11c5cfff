import type { Micros, NewTick, Tick } from "@fx-ohlc/schemas";
import { entryOf } from "@fx-ohlc/service-kit";
import { type NewSymbols, SymbolRoom } from "./new-symbols.js";
import { type EarlierRun, type Refusal, SlotAllocator } from "./slot-allocator.js";

/** Either every tick of a request has a place, or none of them is stored. */
export type Outcome =
  | {
      readonly ok: true;
      /** The slot of each tick within its stamp. */
      readonly seqs: readonly number[];
      /** How many of them were not there before; the others are replays. */
      readonly created: number;
    }
  | { readonly ok: false; readonly refusals: readonly Refusal[] };

/** What becomes of some requests. */
export interface Placing {
  /** One for each request, in their order. */
  readonly outcomes: readonly Outcome[];
  /** The ticks to store, ordered by (symbol, time, seq). */
  readonly created: readonly Tick[];
  /** Symbols of which a tick met a stored one at its stamp. */
  readonly met: readonly string[];
}

/** What requests are placed among. */
export interface Ground {
  /** All ticks that earlier transactions stored at the requests' stamps; others do no harm. */
  readonly stored: readonly Tick[];
  /** Ticks before this instant are refused. */
  readonly horizonUs: Micros;
  /** Of the requests. */
  readonly newSymbols: NewSymbols;
  /** The runs that some of the requests go on with, in the requests' order. */
  readonly earlier?: readonly (EarlierRun | undefined)[];
}

/**
 * Places the ticks of some requests, one request after the other.
 *
 * A tick that is alone at its stamp, among the stored ones and all of these, takes the slot it asks for, or 0. The few that meet
 * others there are placed by the {@link SlotAllocator}; it never looks beyond a stamp, so that leaving out those which are alone
 * changes nothing.
 */
export function placeTicks(requests: readonly (readonly NewTick[])[], ground: Ground): Placing {
  const { stored, horizonUs, newSymbols } = ground;
  const ticks = requests.length === 1 ? (requests[0] ?? []) : requests.flat();
  const order = orderBySymbol(ticks);
  const met: string[] = [];
  const isContested = contestedOf(ticks, order, stored, met);
  const slots = new SlotAllocator();
  slots.load(stored);
  const room = new SymbolRoom(newSymbols);
  const seqs = new Array<number>(ticks.length).fill(0);
  const isCreated = new Uint8Array(ticks.length);
  const outcomes: Outcome[] = [];
  let from = 0;
  for (const [index, request] of requests.entries()) {
    const earlier = ground.earlier?.[index];
    outcomes.push(placeRequest({ request, earlier, from, horizonUs, room, slots, isContested, seqs, isCreated }));
    from += request.length;
  }
  return { outcomes, created: createdOf(ticks, order, seqs, isCreated), met };
}

/** One request among the ticks of all, and what is noted of those. */
interface Part {
  readonly request: readonly NewTick[];
  readonly earlier: EarlierRun | undefined;
  /** Where its ticks begin among all. */
  readonly from: number;
  readonly horizonUs: Micros;
  readonly room: SymbolRoom;
  readonly slots: SlotAllocator;
  readonly isContested: Uint8Array;
  readonly seqs: number[];
  readonly isCreated: Uint8Array;
}

function placeRequest({ request, earlier, from, horizonUs, room, slots, isContested, seqs, isCreated }: Part): Outcome {
  const expired: Refusal[] = [];
  const contested: number[] = [];
  for (let index = 0; index < request.length; index += 1) {
    const tick = request[index];
    if (tick === undefined) continue;
    if (tick.timeUs < horizonUs) expired.push({ index, reason: "older_than_retention" });
    if (isContested[from + index] === 1 || tick.run === earlier?.run) contested.push(index);
    seqs[from + index] = tick.seq ?? 0;
  }
  if (expired.length > 0) return { ok: false, refusals: expired };
  const wanted = room.wantedBy(request);
  if (wanted.refusals.length > 0) return { ok: false, refusals: wanted.refusals };
  const placed = slots.place(
    contested.flatMap((index) => request[index] ?? []),
    earlier,
  );
  if (!placed.ok) {
    const refusals = placed.refusals.map(({ index, reason }) => ({ index: contested[index] ?? 0, reason }));
    return { ok: false, refusals };
  }
  room.take(wanted);
  isCreated.fill(1, from, from + request.length);
  let created = request.length;
  contested.forEach((index, at) => {
    const placement = placed.placements[at];
    seqs[from + index] = placement?.seq ?? 0;
    if (placement?.created === true) return;
    isCreated[from + index] = 0;
    created -= 1;
  });
  return { ok: true, seqs: seqs.slice(from, from + request.length), created };
}

/** The places of each symbol's ticks, by time and then as they came. */
function orderBySymbol(ticks: readonly NewTick[]): Map<string, number[]> {
  const order = new Map<string, number[]>();
  let last: string | undefined;
  let places: number[] = [];
  for (let at = 0; at < ticks.length; at += 1) {
    const symbol = ticks[at]?.symbol ?? "";
    if (symbol !== last) places = entryOf(order, symbol, newList);
    last = symbol;
    places.push(at);
  }
  const timeOf = (at: number) => ticks[at]?.timeUs ?? 0;
  for (const own of order.values()) {
    const isAscending = own.every((at, index) => index === 0 || timeOf(own[index - 1] ?? 0) <= timeOf(at));
    if (!isAscending) own.sort((a, b) => timeOf(a) - timeOf(b) || a - b);
  }
  return order;
}

function newList(): number[] {
  return [];
}

/** Which ticks are not alone at their stamps, 1 for those; symbols that stored ones are among are added to `met`. */
function contestedOf(
  ticks: readonly NewTick[],
  order: ReadonlyMap<string, readonly number[]>,
  stored: readonly Tick[],
  met: string[],
): Uint8Array {
  const isContested = new Uint8Array(ticks.length);
  const taken = new Map<string, Set<Micros>>();
  for (const { symbol, timeUs } of stored) entryOf(taken, symbol, newSet).add(timeUs);
  for (const [symbol, places] of order) {
    const takenStamps = taken.get(symbol);
    let before = -1;
    let beforeUs = Number.NaN;
    let hasMet = false;
    for (const at of places) {
      const timeUs = ticks[at]?.timeUs ?? 0;
      if (timeUs === beforeUs) {
        isContested[at] = 1;
        isContested[before] = 1;
      } else if (takenStamps?.has(timeUs) === true) {
        isContested[at] = 1;
        hasMet = true;
      }
      before = at;
      beforeUs = timeUs;
    }
    if (hasMet) met.push(symbol);
  }
  return isContested;
}

function newSet(): Set<Micros> {
  return new Set();
}

function createdOf(
  ticks: readonly NewTick[],
  order: ReadonlyMap<string, readonly number[]>,
  seqs: readonly number[],
  isCreated: Uint8Array,
): Tick[] {
  const created: Tick[] = [];
  for (const symbol of [...order.keys()].sort(byCodeUnits)) {
    for (const at of order.get(symbol) ?? []) {
      const tick = ticks[at];
      if (tick === undefined || isCreated[at] === 0) continue;
      const { timeUs, price, bid, ask } = tick;
      insertBySeq(created, { symbol, timeUs, seq: seqs[at] ?? 0, price, bid, ask });
    }
  }
  return created;
}

/** Symbols are compared as the database's "C" collation does. */
function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Adds a tick that is not before those of the list, but for the others of its stamp. */
function insertBySeq(ordered: Tick[], tick: Tick): void {
  let at = ordered.length;
  for (let before = ordered[at - 1]; before !== undefined && isAfter(before, tick); before = ordered[at - 1]) {
    ordered[at] = before;
    at -= 1;
  }
  ordered[at] = tick;
}

function isAfter(a: Tick, b: Tick): boolean {
  return a.symbol === b.symbol && a.timeUs === b.timeUs && a.seq > b.seq;
}
