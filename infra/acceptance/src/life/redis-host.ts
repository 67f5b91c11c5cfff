import { copyFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type TestRedis, testRedis } from "@fx-ohlc/testkit";
import { createClient } from "redis";

/** A Redis server that can be put back to an earlier moment. */
export class RedisHost {
  #hasDump = false;

  private constructor(private readonly server: TestRedis) {}

  static async create(): Promise<RedisHost> {
    return new RedisHost(await testRedis());
  }

  get url(): string {
    return this.server.url;
  }

  /** Keeps what it holds now, beside its data. */
  async save(): Promise<void> {
    await this.#ask(["SAVE"]);
    copyFileSync(this.#dump, `${this.#dump}.kept`);
    rmSync(this.#dump);
    this.#hasDump = true;
  }

  async flush(): Promise<void> {
    await this.#ask(["FLUSHALL"]);
  }

  /** Everything is gone: it keeps nothing by itself. */
  async restart(): Promise<void> {
    await this.server.stop();
    await this.server.start();
  }

  /** @returns false where nothing was kept */
  async restore(): Promise<boolean> {
    if (!this.#hasDump) return false;
    await this.server.stop();
    copyFileSync(`${this.#dump}.kept`, this.#dump);
    await this.server.start();
    rmSync(this.#dump);
    return true;
  }

  drop(): Promise<void> {
    return this.server.drop();
  }

  get #dump(): string {
    return join(this.server.dataFolder, "dump.rdb");
  }

  async #ask(command: readonly [string, ...string[]]): Promise<void> {
    const client = createClient({ url: this.url });
    await client.connect();
    try {
      await client.sendCommand([...command]);
    } finally {
      await client.close();
    }
  }
}
