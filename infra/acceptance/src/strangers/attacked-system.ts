import { type Everything, System } from "../system.js";
import { Bystander } from "./bystander.js";

/** As in a container of 512 MB. */
const SMALL = { NODE_OPTIONS: "--max-old-space-size=256" };

/** The whole system in small containers, and somebody in it whom no stranger may keep from being served. */
export interface AttackedSystem {
  readonly system: System;
  readonly everything: Everything;
  readonly bystander: Bystander;
}

/**
 * Starts it before the tests of a file and stops it after them; each of them also fails when a service has ended meanwhile.
 *
 * @param env what the services are told besides
 * @returns what is there as soon as the first test begins
 */
export function attackedSystem(env: Record<string, string> = {}): AttackedSystem {
  let started: System | undefined;
  let running: AttackedSystem | undefined;
  let pids: (number | undefined)[] = [];
  const pidsOf = ({ everything }: AttackedSystem) => Object.values(everything).map(({ pid }) => pid);
  const attacked = () => {
    if (running === undefined) throw new Error("nothing is started before the first test");
    return running;
  };
  beforeAll(async () => {
    started = await System.create();
    const everything = await started.startAll({ ...SMALL, ...env });
    running = { system: started, everything, bystander: await Bystander.of(everything) };
    pids = pidsOf(running);
  });
  afterEach(() => expect(pidsOf(attacked())).toEqual(pids));
  afterAll(async () => {
    running?.bystander.end();
    await started?.stop();
  });
  return {
    get system() {
      return attacked().system;
    },
    get everything() {
      return attacked().everything;
    },
    get bystander() {
      return attacked().bystander;
    },
  };
}
