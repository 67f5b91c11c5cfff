export { default } from "../../packages/jest.base.mjs";
