import { once } from "node:events";
import { createServer } from "node:net";
import { isNativeError } from "node:util/types";
import { eventually } from "@fx-ohlc/embedded";

/**
 * Makes sure that ports can be listened on, before anything is started.
 *
 * @param patienceMs how long to wait for what uses them to end
 * @throws Error in one line, naming the first port that cannot be had
 */
export async function requirePorts(ports: readonly number[], patienceMs: number): Promise<void> {
  for (const port of ports) {
    const attempt = async (): Promise<boolean> => (await problemOf(port)) === undefined;
    await eventually(attempt, { timeoutMs: patienceMs, intervalMs: 100 }).catch(async (cause: unknown) => {
      throw new Error(`port ${port} ${await problemOf(port)}`, { cause });
    });
  }
}

async function problemOf(port: number): Promise<string | undefined> {
  const server = createServer();
  try {
    // On every address, as the services do.
    server.listen(port);
    await once(server, "listening");
    return undefined;
  } catch (error) {
    const isDenied = isNativeError(error) && "code" in error && error.code === "EACCES";
    return isDenied
      ? "may not be opened by this user: choose a higher one with PORT"
      : "is in use already: stop what uses it, or choose another with PORT (the three after it are used too)";
  } finally {
    server.close();
  }
}
