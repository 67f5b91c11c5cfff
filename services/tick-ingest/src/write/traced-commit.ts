import { commonStep, type TraceSpan } from "@fx-ohlc/service-kit";
import type { Commit, WriteRequest } from "./tick-writer.js";

/** Runs one transaction as a step of the traces of those whose ticks it writes: within the first, and linked with the others. */
export async function tracedCommit(
  requests: readonly WriteRequest[],
  work: () => Promise<Commit>,
): Promise<{ readonly commit: Commit; readonly span: TraceSpan | undefined }> {
  if (!requests.some(({ span }) => span !== undefined)) return { commit: await work(), span: undefined };
  const span = commonStep(
    requests.flatMap((request) => request.span ?? []),
    "commit ticks",
    "client",
    { "db.system.name": "postgresql", "fx.requests": requests.length },
  );
  try {
    const commit = await work();
    span?.note({ "fx.ticks_created": commit.created.length, "fx.xid": commit.xid });
    span?.end();
    return { commit, span };
  } catch (error) {
    span?.end(error);
    throw error;
  }
}
