import type { FxClient } from "@fx-ohlc/client";
import type { TestService } from "@fx-ohlc/testkit";
import { patientClient, System } from "../system.js";

/** The whole system behind its edge, as a browser sees it. */
export class Desk {
  private constructor(
    readonly system: System,
    readonly gateway: TestService,
    readonly edge: TestService,
    /** Through the edge, like everybody. */
    readonly client: FxClient,
  ) {}

  static async open(): Promise<Desk> {
    const system = await System.create();
    try {
      const { gateway, edge } = await system.startAll();
      return new Desk(system, gateway, edge, patientClient(edge));
    } catch (error) {
      await system.stop();
      throw error;
    }
  }

  close(): Promise<void> {
    return this.system.stop();
  }
}
