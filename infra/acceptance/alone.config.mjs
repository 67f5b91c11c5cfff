import all from "./jest.config.mjs";
import { ALONE_PATTERN } from "./machine.mjs";

/** The second part of `npm test`. */
export default { ...all, testMatch: undefined, testRegex: [ALONE_PATTERN] };
