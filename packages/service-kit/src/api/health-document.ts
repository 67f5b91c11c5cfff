import { IsInstant, IsText, IsWord, MayBeAbsent } from "@fx-ohlc/schemas";

export type DependencyState = "connected" | "disconnected";

/** What `GET /health` says. */
export class HealthReport {
  @IsWord("healthy", "unhealthy")
  readonly status!: "healthy" | "unhealthy";

  @IsInstant()
  readonly timestamp!: string;

  @MayBeAbsent()
  @IsWord("connected", "disconnected")
  readonly database?: DependencyState;

  @MayBeAbsent()
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
