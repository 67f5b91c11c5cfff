import { formatTime } from "@fx-ohlc/schemas";
import { MINUTE_US } from "../buckets.js";
import type { EventOf, Place } from "../event.js";
import { type Life, SYMBOLS } from "../life.js";
import type { ModelTick } from "../model.js";
import { resolve } from "../places.js";
import { askPatiently, judge } from "./ticks.js";

/** The tick that is nearest to a place, whether or not it is kept still. */
async function nearest(life: Life, symbol: number, place: Place): Promise<ModelTick | undefined> {
  const us = resolve(life, await life.facts(), place);
  const away = ({ timeUs }: ModelTick) => Math.abs(timeUs - us);
  const ticks = life.model.ticks(SYMBOLS[symbol]);
  return ticks.reduce<ModelTick | undefined>(
    (best, tick) => (best === undefined || away(tick) < away(best) ? tick : best),
    undefined,
  );
}

function query(values: Readonly<Record<string, string>>): string {
  return new URLSearchParams(values).toString();
}

export async function put(life: Life, event: EventOf<"put">): Promise<void> {
  const tick = await nearest(life, event.symbol, event.place);
  if (tick === undefined) return;
  const { symbol, timeUs, seq } = tick;
  const before = await life.facts();
  const path = `/ticks?${query({ symbol, time: formatTime(timeUs), seq: String(seq) })}`;
  const body = JSON.stringify({ price: event.price });
  const answer = await askPatiently(life, path, {
    ...{ method: "PUT", body },
    headers: { "content-type": "application/json" },
  });
  if (judge(life, `PUT ${path}`, timeUs, answer, before, await life.facts())) return;
  if (answer.status !== 200) life.faults.push(`PUT ${path}: ${answer.status} ${answer.text}`);
  else life.model.put({ ...tick, price: event.price });
}

/** Where a price was put before, what clients were told of the tick stays what it was: corrections go to bars only. */
async function remove(life: Life, path: string, symbol: string, fromUs: number, toUs: number): Promise<void> {
  const before = await life.facts();
  const answer = await askPatiently(life, path, { method: "DELETE" });
  if (judge(life, `DELETE ${path}`, fromUs, answer, before, await life.facts())) return;
  const deleted = life.model.delete(symbol, fromUs, toUs);
  const isRight =
    answer.status === 200
      ? (JSON.parse(answer.text) as { deleted: number }).deleted === deleted
      : answer.status === 404 && deleted === 0;
  if (!isRight) life.faults.push(`DELETE ${path} of ${deleted} ticks: ${answer.status} ${answer.text}`);
}

export async function removeRange(life: Life, { symbol, place, minutes }: EventOf<"delete">): Promise<void> {
  const fromUs = resolve(life, await life.facts(), place);
  const toUs = fromUs + minutes * MINUTE_US;
  const name = SYMBOLS[symbol] ?? SYMBOLS[0];
  const path = `/ticks?${query({ symbol: name, start: formatTime(fromUs), end: formatTime(toUs) })}`;
  await remove(life, path, name, fromUs, toUs);
}

export async function removeStamp(life: Life, { symbol, place }: EventOf<"delete-stamp">): Promise<void> {
  const tick = await nearest(life, symbol, place);
  if (tick === undefined) return;
  const path = `/ticks/${tick.symbol}/${formatTime(tick.timeUs)}`;
  await remove(life, path, tick.symbol, tick.timeUs, tick.timeUs + 1);
}
