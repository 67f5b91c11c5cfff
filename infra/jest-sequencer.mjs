import { statSync } from "node:fs";

const sizeOf = ({ path }) => statSync(path).size;
const isAcceptance = ({ path }) => path.includes("/infra/acceptance/test/");

/**
 * Jest's order on a machine that has not run them before is by size alone, which would leave the longest for the end, when the
 * other workers have nothing to do: acceptance tests come first, for they take a minute where others take seconds.
 */
export default class LongestFirst {
  sort(tests) {
    return [...tests].sort((a, b) => isAcceptance(b) - isAcceptance(a) || sizeOf(b) - sizeOf(a));
  }

  cacheResults() {}
}
