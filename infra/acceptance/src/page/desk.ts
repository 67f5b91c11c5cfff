import type { FxClient } from "@fx-ohlc/client";
import type { TestService } from "@fx-ohlc/testkit";
import { patientClient, System } from "../system.js";

/** The whole system behind its edge, as a browser sees it. */
export class Desk {
  private constructor(
    readonly system: System,
    readonly gateway: TestService,
    readonly edge: TestService,
    /** Through the edge, like everybody; with a first key, by that. */
    readonly client: FxClient,
  ) {}

  /** @param env of all services; `ADMIN_KEY` is the key of the client */
  static async open(env: Record<string, string> = {}): Promise<Desk> {
    const system = await System.create();
    try {
      const { gateway, edge } = await system.startAll(env);
      return new Desk(system, gateway, edge, patientClient(edge, env.ADMIN_KEY));
    } catch (error) {
      await system.stop();
      throw error;
    }
  }

  close(): Promise<void> {
    return this.system.stop();
  }
}
