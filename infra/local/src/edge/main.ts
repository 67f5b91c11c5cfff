import { runService } from "@fx-ohlc/service-kit";
import { readEdgeConfig } from "./config.js";
import { Edge } from "./edge.js";

await runService("edge", process, ({ env }) => new Edge(readEdgeConfig(env)));
