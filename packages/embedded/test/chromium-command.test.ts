import { execPath } from "node:process";
import { ensureChromium } from "../src/chromium-command.js";

const before = process.env.CHROMIUM_PATH;

afterEach(() => {
  if (before === undefined) delete process.env.CHROMIUM_PATH;
  else process.env.CHROMIUM_PATH = before;
});

describe("ensureChromium", () => {
  it("takes the program that CHROMIUM_PATH names", async () => {
    process.env.CHROMIUM_PATH = execPath;
    await expect(ensureChromium()).resolves.toBe(execPath);
  });

  it("says in one line that what CHROMIUM_PATH names cannot be run, and looks for no other", async () => {
    process.env.CHROMIUM_PATH = "/nowhere/chromium";
    await expect(ensureChromium()).rejects.toThrow(/^CHROMIUM_PATH names \/nowhere\/chromium, which cannot be run$/);
  });
});
