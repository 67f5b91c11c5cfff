import base from "../../packages/jest.database.mjs";
import { ALONE_PATTERN } from "./machine.mjs";

/** Those of the acceptance tests that run with the packages' tests. */
export default { ...base, testPathIgnorePatterns: ["/node_modules/", ALONE_PATTERN] };
