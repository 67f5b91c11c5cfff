import base from "../../packages/jest.database.mjs";

/** Any of the acceptance tests, by hand and one file at a time: each of them keeps several processes busy. */
export default { ...base, maxWorkers: 1, testTimeout: 120_000 };
