import { Command } from "./command.js";

const run = (...args: string[]) => new Command(...args).run({ stateDirectory: "" });

describe("fx-ticks", () => {
  it("says what it can do and which one it is", async () => {
    const help = await run("--help");
    expect(help.exitCode).toBe(0);
    for (const command of ["import", "formats", "export", "simulate", "replay", "feed", "watch", "keys"])
      expect(help.out[0]).toMatch(new RegExp(`^  ${command} `, "m"));
    await expect(run("--version")).resolves.toMatchObject({ exitCode: 0, out: ["1.2.3"], said: [] });
  });

  it("lists the formats that --format takes, with a line of each", async () => {
    const { exitCode, out } = await run("formats");
    expect(exitCode).toBe(0);
    const names = out.map((line) => /^([a-z0-9-]+) +\S.{20,}$/.exec(line)?.[1]);
    const { said } = await run("import", "x.csv", "--format", "none");
    expect(said[0]).toContain(`Allowed choices are ${names.join(", ")}.`);
  });

  it.each(["import", "export", "replay"])(
    "says in the help of %s what its exit codes mean and gives examples",
    async (command) => {
      const { exitCode, out } = await run(command, "--help");
      expect(exitCode).toBe(0);
      expect(out.join("\n")).toMatch(
        new RegExp(`Exit codes: 0 .*130 interrupted[^]*Examples:\n {2}\\$ fx-ticks ${command} `),
      );
    },
  );

  it.each([
    [["nonsense"], "fx-ticks: unknown command 'nonsense'"],
    [["import"], "fx-ticks: missing required argument 'files'"],
    [["export", "x.csv"], "fx-ticks: required option '--symbol <symbol>' not specified"],
    [["import", "x.csv", "--sybmol", "EURUSD"], "fx-ticks: unknown option '--sybmol'\n(Did you mean --symbol?)"],
  ])("says what is wrong with %j and exits with 1", async (args, message) => {
    await expect(run(...args)).resolves.toMatchObject({ exitCode: 1, out: [], said: [message] });
  });
});
