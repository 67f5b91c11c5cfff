import base from "../jest.base.mjs";

/** The validator of OpenAPI documents, like a few others, is published as ES modules only. */
export default {
  ...base,
  transformIgnorePatterns: base.transformIgnorePatterns.map((pattern) =>
    pattern.replace("temporal-", "temporal-|@seriousme"),
  ),
};
