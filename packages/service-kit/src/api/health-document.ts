import { IsInstant, IsText, IsWord, Sometimes } from "@fx-ohlc/schemas";

export type DependencyState = "connected" | "disconnected";

/** What `GET /health` says. */
export class HealthReport {
  @IsWord("healthy", "unhealthy")
  readonly status!: "healthy" | "unhealthy";

  @IsInstant()
  readonly timestamp!: string;

  @Sometimes()
  @IsWord("connected", "disconnected")
  readonly database?: DependencyState;

  @Sometimes()
  @IsWord("connected", "disconnected")
  readonly redis?: DependencyState;

  @IsText()
  readonly version!: string;
}

/** What `GET /live` says. */
export class Liveness {
  @IsWord("alive")
  readonly status!: "alive";
}

/** What `GET /ready` says. */
export class Readiness {
  @IsWord("ready", "not_ready")
  readonly status!: "ready" | "not_ready";
}
