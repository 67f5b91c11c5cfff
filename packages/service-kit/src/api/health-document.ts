import { Describe, Field, IsInstant, IsText, IsWord, Sometimes } from "@fx-ohlc/schemas";

export type DependencyState = "connected" | "disconnected";

/** What `GET /health` says. */
export class HealthReport {
  @IsWord("healthy", "unhealthy")
  readonly status!: "healthy" | "unhealthy";

  @Sometimes()
  @IsInstant()
  readonly timestamp?: string;

  @Sometimes()
  @IsWord("connected", "disconnected")
  readonly database?: DependencyState;

  @Sometimes()
  @IsWord("connected", "disconnected")
  readonly redis?: DependencyState;

  @Sometimes()
  @Describe("This machine's clock minus the database's, in seconds.")
  @Field({ type: "number" })
  readonly clock_skew_s?: number;

  @Sometimes()
  @Describe("Windows of late ticks and corrections that are not in the stored bars yet: with 0, all bars are exact.")
  @Field({ type: "integer", minimum: 0 })
  readonly refresh_backlog_windows?: number;

  @Sometimes()
  @Describe("How long the oldest late tick or correction has waited to be in the stored bars, in seconds.")
  @Field({ type: "number", minimum: 0 })
  readonly refresh_backlog_age_s?: number;

  @Sometimes()
  @Describe("Seconds until they are all likely to be in the stored bars, as fast as they went lately.")
  @Field({ type: "integer", minimum: 0 })
  readonly refresh_backlog_eta_s?: number;

  @Sometimes()
  @Describe("What is wrong, a sentence each; absent when nothing is.")
  @Field({ type: "array", items: { type: "string" }, minItems: 1 })
  readonly problems?: readonly string[];

  @Sometimes()
  @IsText()
  readonly version?: string;
}

/** Members of the report that a service adds of its own. */
export type HealthDetails = Pick<
  HealthReport,
  "clock_skew_s" | "refresh_backlog_windows" | "refresh_backlog_age_s" | "refresh_backlog_eta_s"
>;

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
