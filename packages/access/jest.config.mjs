export { default } from "../jest.database.mjs";
