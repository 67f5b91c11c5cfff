export { default } from "../../packages/jest.database.mjs";
