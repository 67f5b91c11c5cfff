import { once } from "node:events";
import { WebSocket } from "ws";

/** What a process is started with so that {@link collectGarbage} reaches it. */
export function inspectable(port: number): Record<string, string> {
  return { NODE_OPTIONS: `--inspect=127.0.0.1:${port}` };
}

/**
 * Has another Node process give back the memory that it does not use, through its inspector: what is left is what it needs.
 *
 * @throws Error when the process does not answer there
 */
export async function collectGarbage(port: number): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${port}/json/list`);
  const targets: { webSocketDebuggerUrl: string }[] = JSON.parse(await answer.text());
  const inspector = new WebSocket(targets[0]?.webSocketDebuggerUrl ?? "");
  await once(inspector, "open");
  // What a first collection finalizes, a second one frees.
  for (const id of [1, 2]) {
    inspector.send(JSON.stringify({ id, method: "HeapProfiler.collectGarbage" }));
    await once(inspector, "message");
  }
  inspector.terminate();
}
