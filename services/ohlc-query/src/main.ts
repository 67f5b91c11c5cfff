import { packageVersion, readEnv, runService } from "@fx-ohlc/service-kit";
import { createApp } from "./app.js";
import { readConfig } from "./config.js";

const version = packageVersion(new URL("../package.json", import.meta.url));

void runService("ohlc-query", process, ({ env, signal }) => createApp(readEnv(env, readConfig), version, signal));
