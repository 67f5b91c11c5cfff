import { execPath } from "node:process";
import { eventually, freePort, GuardedProcess } from "@fx-ohlc/embedded";
import { collectGarbage, inspectable } from "./collect-garbage.js";

/** Says when something that it no longer needs is gone. */
const PROGRAM = `
  const registry = new FinalizationRegistry(() => console.log("collected"));
  registry.register({}, "");
  setInterval(() => undefined, 1000);
  console.log("ready");`;

test("another process gives back what it does not need when it is asked, and not before", async () => {
  const port = await freePort();
  const lines: string[] = [];
  const process = new GuardedProcess({
    name: "a process with garbage",
    command: execPath,
    args: ["-e", PROGRAM],
    env: inspectable(port),
    stopSignal: "SIGTERM",
    stopTimeoutMs: 1000,
    orphanSignal: "TERM",
    onLine: (line) => lines.push(line),
  });
  await process.start();
  try {
    await eventually(() => lines.includes("ready"));
    expect(lines).not.toContain("collected");
    await collectGarbage(port);
    await eventually(() => lines.includes("collected"));
  } finally {
    await process.kill9();
  }
});
