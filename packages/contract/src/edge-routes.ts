import { Field, IsWord, Sometimes } from "@fx-ohlc/schemas";
import { declareRoutes, HealthReport, METRICS_ANSWER, PROBE_ROUTES } from "@fx-ohlc/service-kit";

/** The services behind the edge, as their metrics are asked for. */
export const SERVICE_NAMES = ["tick-ingest", "ohlc-query", "stream-gateway"] as const;
export type ServiceName = (typeof SERVICE_NAMES)[number];

type ServiceState = "healthy" | "unhealthy" | "unreachable";

/** What the edge says on `/health`: the worst of what the services say. */
export class SystemHealth extends HealthReport {
  @Sometimes()
  @Field({
    type: "object",
    properties: Object.fromEntries(
      SERVICE_NAMES.map((name) => [name, { enum: ["healthy", "unhealthy", "unreachable"] }]),
    ),
    required: SERVICE_NAMES,
    additionalProperties: false,
  })
  readonly services?: Readonly<Record<ServiceName, ServiceState>>;
}

/** Parameters of `/metrics/{service}`. */
export class ServicePath {
  static readonly fields: readonly string[] = ["service"];

  @IsWord(...SERVICE_NAMES)
  readonly service!: ServiceName;
}

const { getHealth, getLive, getReady } = PROBE_ROUTES;
const content = { "application/json": SystemHealth };

/** What the edge answers by itself, or in other words than a service. */
export const EDGE_ROUTES = declareRoutes({
  getSystemHealth: {
    ...getHealth,
    summary: "State of all services and of what they depend on",
    answers: {
      200: { ...getHealth.answers[200], content },
      503: { description: "Something is away.", content, headers: getHealth.answers[200].headers },
    },
  },
  getSystemLive: getLive,
  getSystemReady: { ...getReady, summary: "Whether all services are ready" },
  getServiceMetrics: {
    method: "GET",
    path: "/metrics/{service}",
    access: "ops",
    summary: "Metrics of a service, for Prometheus",
    tag: "operations",
    anyQuery: true,
    pathDto: ServicePath,
    answers: METRICS_ANSWER,
    problems: ["not_found"],
  },
});
