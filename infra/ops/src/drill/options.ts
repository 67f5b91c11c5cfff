import { parseArgs } from "node:util";
import { composeDrills, type Drill } from "./compose-drills.js";
import type { Step } from "./steps.js";

export const USAGE = `node infra/ops/dist/drill/main.js [--url http://localhost:8000] [--seconds 60] [--rate 500] [--clients 8] [--readers 4]
  [--step 'SECONDS COMMAND' …] [--planned] [--behind] | [--compose docker-compose.prod.yml [--drill 'NAME' …]]

Posts ticks of a symbol of its own to a running system, follows them, and reads their bars, while parts of it are restarted, killed or
moved. Says at the end what was acknowledged, stored, told and read, and exits with 1 when a tick was lost, stored twice or kept from
a client, or a bar is wrong.

--step       a command for the shell, so many seconds after the beginning; may be given several times
--planned    no read may fail either
--behind     reads may be behind what was acknowledged: they come from an asynchronous standby
--compose    runs the drills of the guide on what this file has started, one after the other
--drill      only this one of them; may be given several times

A token is read from FX_TOKEN.`;

/** The load of a drill. */
export interface DrillOptions {
  readonly url: string;
  readonly token: string | undefined;
  /** At least so long; until every step was taken in any case. */
  readonly seconds: number;
  /** Ticks per second, one request each. */
  readonly rate: number;
  /** WebSocket clients that listen. */
  readonly clients: number;
  /** Readers of bars. */
  readonly readers: number;
  /** Bars may be read from a standby that is behind. */
  readonly mayBeBehind: boolean;
  readonly drills: readonly Drill[];
}

/** @throws Error naming what is wrong */
export function readOptions(args: readonly string[], { FX_TOKEN: token }: NodeJS.ProcessEnv): DrillOptions {
  const text = { type: "string" } as const;
  const texts = { type: "string", multiple: true } as const;
  const flag = { type: "boolean" } as const;
  const numbers = { url: text, seconds: text, rate: text, clients: text, readers: text };
  const what = { step: texts, planned: flag, behind: flag, compose: text, drill: texts };
  const { values } = parseArgs({ args: [...args], options: { ...numbers, ...what } });
  if (values.compose !== undefined && values.step !== undefined) throw new Error("give --compose or --step, not both");
  if (values.compose === undefined && values.drill !== undefined) throw new Error("--drill names one of --compose");
  return {
    url: values.url ?? "http://localhost:8000",
    token,
    seconds: count("--seconds", values.seconds, 60),
    rate: count("--rate", values.rate, 500),
    clients: count("--clients", values.clients, 8),
    readers: count("--readers", values.readers, 4),
    mayBeBehind: values.behind ?? false,
    drills:
      values.compose === undefined
        ? [ownDrill(values.step ?? [], values.planned ?? false)]
        : chosen(composeDrills(values.compose), values.drill),
  };
}

function ownDrill(steps: readonly string[], isPlanned: boolean): Drill {
  return { name: "drill", steps: steps.map(readStep), ...(isPlanned ? { isPlanned } : {}) };
}

function readStep(text: string): Step {
  const [, seconds, command] = /^(\d+(?:\.\d+)?) +(\S.*)$/s.exec(text) ?? [];
  if (seconds === undefined || command === undefined) {
    throw new Error(`--step must be seconds and a command, such as '5 docker kill fx-redis-1', not '${text}'`);
  }
  return { atS: Number(seconds), command };
}

function chosen(drills: readonly Drill[], names: readonly string[] | undefined): readonly Drill[] {
  const known = drills.map(({ name }) => name);
  const unknown = names?.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Error(`--drill must be one of ${known.join(", ")}, not ${unknown}`);
  return names === undefined ? drills : drills.filter(({ name }) => names.includes(name));
}

function count(name: string, text: string | undefined, fallback: number): number {
  const value = Number(text ?? fallback);
  if (!Number.isInteger(value) || value < 1 || value > 100_000)
    throw new Error(`${name} must be a whole number of at least 1`);
  return value;
}
