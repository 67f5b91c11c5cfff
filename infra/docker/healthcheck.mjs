/** Whether the service in this container is ready: the image has no shell and no curl to ask it with. */
import { get } from "node:http";

const DEADLINE_MS = 3_000;

const request = get({ host: "127.0.0.1", port: process.env.PORT, path: "/ready", timeout: DEADLINE_MS }, (answer) => {
  process.exit(answer.statusCode === 200 ? 0 : 1);
});
request.on("timeout", () => process.exit(1));
request.on("error", () => process.exit(1));
