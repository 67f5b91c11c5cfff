import { EventEmitter, once } from "node:events";
import { PassThrough } from "node:stream";
import { ConfigError, createLogger, type HostProcess, runService, type Service, stopInOrder } from "../src/index.js";

/** Stands in for `process`, the outermost edge there is. */
class FakeHost extends EventEmitter implements HostProcess {
  env: Record<string, string> = {};
  connected = false;
  readonly stdin = new PassThrough();
  readonly stdout = new PassThrough();
  readonly stderr = new PassThrough();
  readonly exits: number[] = [];

  exit(code: number): void {
    this.exits.push(code);
    this.emit("exited");
  }

  async exited(): Promise<number | undefined> {
    if (this.exits.length === 0) await once(this, "exited");
    return this.exits[0];
  }
}

function service(calls: string[], overrides: Partial<Service> = {}): Service {
  return {
    start: async () => void calls.push("start"),
    stop: async () => void calls.push("stop"),
    ...overrides,
  };
}

const never = () => new Promise<never>(() => undefined);

describe("runService", () => {
  test.each(["SIGTERM", "SIGINT"])("starts, and on %s stops once and exits 0", async (signal) => {
    const host = new FakeHost();
    const calls: string[] = [];
    await runService("test", host, () => service(calls));
    host.emit(signal);
    expect(await host.exited()).toBe(0);
    expect(calls).toEqual(["start", "stop"]);
  });

  test("exits 1 with one line that names what is wrong with the configuration", async () => {
    const host = new FakeHost();
    await runService("test", host, () => {
      throw new ConfigError(["PORT must be a whole number", "DATABASE_URL is required"]);
    });
    expect(host.exits).toEqual([1]);
    expect(String(host.stderr.read())).toBe(
      "test: invalid configuration: PORT must be a whole number; DATABASE_URL is required\n",
    );
  });

  test("exits 1 with one line, without credentials, when it cannot start", async () => {
    const host = new FakeHost();
    const start = () => Promise.reject(new Error("cannot reach postgres://u:hunter2@db/x\n  at once"));
    await runService("test", host, () => service([], { start }));
    expect(host.exits).toEqual([1]);
    expect(String(host.stderr.read())).toBe("test: cannot reach postgres://***@db/x at once\n");
  });

  test("exits 1 at once when the same signal comes a second time", async () => {
    const host = new FakeHost();
    let stopped: () => void = () => undefined;
    const stop = () => new Promise<void>((resolve) => (stopped = resolve));
    await runService("test", host, () => service([], { stop }));
    const clock = jest.spyOn(performance, "now");
    clock.mockReturnValue(1000);
    host.emit("SIGTERM");
    clock.mockReturnValue(1299);
    host.emit("SIGTERM");
    host.emit("SIGINT");
    expect(host.exits).toEqual([]);
    clock.mockReturnValue(1300);
    host.emit("SIGTERM");
    clock.mockRestore();
    expect(host.exits).toEqual([1]);
    stopped();
  });

  test("stops a service that is still starting, and does not call that a failed start", async () => {
    const host = new FakeHost();
    const calls: string[] = [];
    const running = runService("test", host, ({ signal }) =>
      service(calls, {
        start: () => new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
      }),
    );
    await new Promise(setImmediate);
    host.emit("SIGTERM");
    await running;
    expect(await host.exited()).toBe(0);
    expect(calls).toEqual(["stop"]);
    expect(host.stderr.read()).toBeNull();
  });

  test.each(["uncaughtException", "unhandledRejection"])("logs and exits 1 on %s", async (event) => {
    const host = new FakeHost();
    await runService("test", host, () => service([]));
    host.emit(event, new Error("nobody caught this"));
    expect(host.exits).toEqual([1]);
    expect(JSON.parse(String(host.stdout.read()))).toMatchObject({ error: { message: "nobody caught this" } });
  });

  test("survives the end of what reads its output", async () => {
    const host = new FakeHost();
    await runService("test", host, () => service([]));
    expect(() => host.stdout.emit("error", new Error("EPIPE"))).not.toThrow();
  });

  test("stops when its IPC parent is gone, if it was asked to exit with it", async () => {
    const host = new FakeHost();
    host.env = { FX_EXIT_WITH_PARENT: "1" };
    host.connected = true;
    const calls: string[] = [];
    await runService("test", host, () => service(calls));
    host.stdin.end();
    await new Promise(setImmediate);
    expect(host.exits).toEqual([]);
    host.emit("disconnect");
    expect(await host.exited()).toBe(0);
    expect(calls).toEqual(["start", "stop"]);
  });

  test("stops when standard input ends, if it was asked to exit with a parent that has no IPC channel", async () => {
    const host = new FakeHost();
    host.env = { FX_EXIT_WITH_PARENT: "1" };
    await runService("test", host, () => service([]));
    host.stdin.end();
    expect(await host.exited()).toBe(0);
  });

  test("outlives its parent when it was not asked to exit with it", async () => {
    const host = new FakeHost();
    await runService("test", host, () => service([]));
    host.stdin.end();
    host.emit("disconnect");
    await new Promise(setImmediate);
    expect(host.exits).toEqual([]);
  });
});

describe("stopInOrder", () => {
  test("runs every step in order, also after one that fails and one that hangs, and logs both", async () => {
    const destination = new PassThrough();
    const logger = createLogger({ service: "test", level: "error", destination });
    const order: string[] = [];
    const step = (name: string, run: () => unknown = () => undefined) => ({
      name,
      deadlineMs: 20,
      run: () => {
        order.push(name);
        return run();
      },
    });
    await stopInOrder(logger, [
      step("not ready"),
      step("refuse", () => {
        throw new Error("already closed");
      }),
      step("drain", never),
      step("flush", async () => undefined),
      step("close pools"),
    ]);
    expect(order).toEqual(["not ready", "refuse", "drain", "flush", "close pools"]);
    const logged = String(destination.read()).trim().split("\n");
    expect(logged.map((line) => JSON.parse(line).step)).toEqual(["refuse", "drain"]);
  });
});
