import { readFileSync } from "node:fs";
import { readEnv, runService } from "@fx-ohlc/service-kit";
import { createApp } from "./app.js";
import { readConfig } from "./config.js";

const manifest: unknown = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
const version =
  typeof manifest === "object" && manifest !== null && "version" in manifest ? String(manifest.version) : "";

void runService("archiver", process, ({ env, signal }) => createApp(readEnv(env, readConfig), version, signal));
