/**
 * `/health` and `/ready` of the edge: what each service says, and the worst of it. Says the same as
 * infra/local/src/edge/aggregate-health.ts, in what njs, nginx's own JavaScript, understands: no destructuring.
 */
const SERVICES = ["tick-ingest", "ohlc-query", "stream-gateway"];

/** One request to each service, all at once. */
function ask(r, probe) {
  return Promise.all(SERVICES.map((name) => r.subrequest(`/-/${name}/${probe}`)));
}

/** What a service said about itself; an error page of nginx is not that. */
function reportOf(answer) {
  try {
    const body = JSON.parse(answer.responseText);
    return body.status === "healthy" || body.status === "unhealthy" ? body : undefined;
  } catch (_) {
    return undefined;
  }
}

/** Connected when every service that uses it and answers says so. */
function worst(states) {
  const known = states.filter((state) => state !== undefined);
  return known.length > 0 && known.every((state) => state === "connected") ? "connected" : "disconnected";
}

function problemsOf(report) {
  return report !== undefined && Array.isArray(report.problems) ? report.problems : [];
}

function send(r, isFine, body) {
  r.headersOut["Content-Type"] = "application/json; charset=utf-8";
  r.headersOut["Cache-Control"] = "no-store";
  r.headersOut["X-Request-Id"] = r.variables.edge_request_id;
  r.return(isFine ? 200 : 503, JSON.stringify(body));
}

async function health(r) {
  const reports = (await ask(r, "health")).map(reportOf);
  const known = reports.filter((report) => report !== undefined);
  const isHealthy = reports.every((report) => report !== undefined && report.status === "healthy");
  const services = {};
  const problems = [];
  SERVICES.forEach((name, index) => {
    services[name] = reports[index] === undefined ? "unreachable" : reports[index].status;
    problemsOf(reports[index]).forEach((problem) => {
      problems.push(`${name}: ${problem}`);
    });
  });
  const body = {
    status: isHealthy ? "healthy" : "unhealthy",
    timestamp: new Date().toISOString(),
    database: worst(known.map((report) => report.database)),
    redis: worst(known.map((report) => report.redis)),
    version: known.length > 0 ? known[0].version : "unknown",
    services: services,
  };
  // How far the stored bars are is for tick-ingest, the first of them, to say.
  if (reports[0] !== undefined) {
    body.refresh_backlog_windows = reports[0].refresh_backlog_windows;
    body.refresh_backlog_eta_s = reports[0].refresh_backlog_eta_s;
  }
  if (problems.length > 0) body.problems = problems;
  // Services tell no more than their status to who has not the scope ops, whose token they were shown.
  const isClosed = known.some((report) => Object.keys(report).length === 1);
  send(r, isHealthy, isClosed ? { status: body.status } : body);
}

async function ready(r) {
  const answers = await ask(r, "ready");
  const isReady = answers.every((answer) => answer.status === 200);
  send(r, isReady, { status: isReady ? "ready" : "not_ready" });
}

export default { health, ready };
