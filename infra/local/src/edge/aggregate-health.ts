import { SERVICE_NAMES, type ServiceName, type SystemHealth } from "@fx-ohlc/contract";
import type { HealthReport } from "@fx-ohlc/service-kit";

/** A service answers within 1 s by its own deadline, and health must be known within 2 s, ms. */
const SERVICE_TIMEOUT_MS = 1_500;

type State = "connected" | "disconnected";

/**
 * Asks all three services, showing them the caller's token: to who has not the scope `ops` they tell no more than their status, and
 * neither does the edge. A dependency counts as connected when every service that uses it and answers says
 * so.
 */
export async function systemHealth(
  urls: Readonly<Record<ServiceName, string>>,
  version: string,
  authorization?: string,
): Promise<SystemHealth> {
  const reports = await Promise.all(SERVICE_NAMES.map((name) => reportOf(urls[name], authorization)));
  const states = reports.map((report) => report?.status ?? "unreachable");
  // How far the stored bars are is for tick-ingest to say.
  const ingest = reports[SERVICE_NAMES.indexOf("tick-ingest")];
  const problems = SERVICE_NAMES.flatMap((name, index) => problemsOf(name, reports[index]));
  const status = states.every((state) => state === "healthy") ? "healthy" : "unhealthy";
  if (reports.some((report) => report !== undefined && Object.keys(report).length === 1)) return { status };
  return {
    status,
    timestamp: new Date().toISOString(),
    database: worst(reports.map((report) => report?.database)),
    redis: worst(reports.map((report) => report?.redis)),
    ...backlogOf(ingest),
    ...(problems.length === 0 ? {} : { problems }),
    version,
    services: Object.fromEntries(SERVICE_NAMES.map((name, index) => [name, states[index]])) as NonNullable<
      SystemHealth["services"]
    >, // By the line above.
  };
}

function backlogOf({ refresh_backlog_windows, refresh_backlog_eta_s }: Partial<HealthReport> = {}) {
  return {
    ...(refresh_backlog_windows === undefined ? {} : { refresh_backlog_windows }),
    ...(refresh_backlog_eta_s === undefined ? {} : { refresh_backlog_eta_s }),
  };
}

/** Whether all three services are ready for requests. */
export async function systemReady(urls: Readonly<Record<ServiceName, string>>): Promise<boolean> {
  const answers = await Promise.all(SERVICE_NAMES.map((name) => get(`${urls[name]}/ready`)));
  return answers.every((answer) => answer?.ok === true);
}

async function reportOf(url: string, authorization: string | undefined): Promise<HealthReport | undefined> {
  const answer = await get(`${url}/health`, authorization === undefined ? {} : { authorization });
  try {
    return (await answer?.json()) as HealthReport | undefined; // Our own services' contract.
  } catch {
    return undefined;
  }
}

async function get(url: string, headers: Readonly<Record<string, string>> = {}): Promise<Response | undefined> {
  try {
    return await fetch(url, { headers, signal: AbortSignal.timeout(SERVICE_TIMEOUT_MS) });
  } catch {
    return undefined;
  }
}

function problemsOf(name: ServiceName, report: HealthReport | undefined): string[] {
  return (report?.problems ?? []).map((problem) => `${name}: ${problem}`);
}

function worst(states: readonly (State | undefined)[]): State {
  const known = states.filter((state) => state !== undefined);
  return known.length > 0 && known.every((state) => state === "connected") ? "connected" : "disconnected";
}
