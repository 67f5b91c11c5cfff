import { ensureRedisServer } from "../packages/embedded/dist/index.js";

/** Before any test file runs: two of them must not install it at once. */
export default async function setup() {
  await ensureRedisServer((line) => console.log(line));
}
