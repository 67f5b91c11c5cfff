import { readFileSync } from "node:fs";

/** Environment variables as the operating system hands them over. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Every missing or wrong variable of a configuration, in one line; values are never printed, for they may be secrets. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";

  constructor(readonly problems: readonly string[]) {
    super(`invalid configuration: ${problems.join("; ")}`);
  }
}

/** A reader with a `default` never complains about a missing variable; `undefined` is a default like any other. */
interface Optional<D> {
  readonly default?: D;
}

interface IntegerRange {
  readonly min: number;
  readonly max: number;
  /** Shown in refusals: `ms`, `rows`. */
  readonly unit?: string;
}

const TRUE = new Set(["1", "true", "yes", "on"]);
const FALSE = new Set(["0", "false", "no", "off"]);

/** URL schemes of what services connect to. */
const URL_SCHEMES = {
  postgres: ["postgres:", "postgresql:"],
  redis: ["redis:", "rediss:", "redis+cluster:", "rediss+cluster:", "redis+sentinel:", "rediss+sentinel:"],
  http: ["http:", "https:"],
} as const;

/**
 * Reads typed variables and collects every problem instead of stopping at the first one. After a problem a reader returns a
 * stand-in, so that the rest is still read; {@link readEnv} throws before anybody can use it.
 */
export class EnvReader {
  readonly #problems = new Map<string, string>();

  constructor(private readonly env: Environment) {}

  /** One message for each variable that was refused. */
  get problems(): readonly string[] {
    return [...this.#problems].map(([name, message]) => `${name} ${message}`);
  }

  /** A whole number within [min, max]. */
  integer<D = never>(name: string, options: IntegerRange & Optional<D>): number | D {
    const { min, max, unit } = options;
    const rule = `must be a whole number${unit === undefined ? "" : ` of ${unit}`} from ${min} to ${max}`;
    return this.#read(name, options, min, rule, (raw) => {
      const value = /^-?\d{1,15}$/.test(raw) ? Number(raw) : Number.NaN;
      return value >= min && value <= max ? value : undefined;
    });
  }

  /** A TCP port; 0 lets the system choose. */
  port<D = never>(name: string, options: Optional<D> = {}): number | D {
    return this.integer(name, { ...options, min: 0, max: 65_535 });
  }

  /** `1 true yes on` or `0 false no off`, in any case. */
  boolean<D = never>(name: string, options: Optional<D> = {}): boolean | D {
    return this.#read(name, options, false, "must be true or false", (raw) => {
      const text = raw.toLowerCase();
      return TRUE.has(text) ? true : FALSE.has(text) ? false : undefined;
    });
  }

  /** Any text that is not empty. */
  string<D = never>(name: string, options: Optional<D> = {}): string | D {
    return this.#read(name, options, "", "must be text", (raw) => raw);
  }

  /** One of a few words. */
  choice<const C extends string, D = never>(
    name: string,
    choices: readonly [C, ...C[]],
    options: Optional<D> = {},
  ): C | D {
    return this.#read(name, options, choices[0], `must be one of ${choices.join(", ")}`, (raw) =>
      choices.find((choice) => choice === raw),
    );
  }

  /** A URL with a host, or several separated by commas, for one of the things services connect to. */
  url<D = never>(name: string, kind: keyof typeof URL_SCHEMES, options: Optional<D> = {}): string | D {
    const schemes: readonly string[] = URL_SCHEMES[kind];
    return this.#read(name, options, "", `must be a ${schemes[0]}// URL`, (raw) => {
      const first = raw.replace(/,[^/?]*/, "");
      const url = URL.canParse(first) ? new URL(first) : undefined;
      return url !== undefined && schemes.includes(url.protocol) ? raw : undefined;
    });
  }

  /** Comma-separated words, blanks around them dropped. */
  list<D = never>(name: string, options: Optional<D> = {}): readonly string[] | D {
    return this.#read(name, options, [], "must be a comma-separated list", (raw) => {
      const words = raw.split(",").map((word) => word.trim());
      return words.includes("") ? undefined : words;
    });
  }

  /** Refuses a variable for a reason no reader knows. */
  refuse(name: string, message: string): void {
    if (!this.#problems.has(name)) this.#problems.set(name, message);
  }

  /**
   * A rule between variables. It is only complained about when each of them is fine by itself.
   *
   * @param names the variables concerned; the first one is named in the message
   */
  rule(names: readonly [string, ...string[]], holds: boolean, message: string): void {
    if (!holds && !names.some((name) => this.#problems.has(name))) this.refuse(names[0], message);
  }

  #read<T, D>(
    name: string,
    options: Optional<D>,
    standIn: T,
    rule: string,
    parse: (raw: string) => T | undefined,
  ): T | D {
    const raw = this.#text(name);
    if (raw === undefined) return standIn;
    if (raw === "") {
      if ("default" in options) return options.default as D;
      this.refuse(name, `is required and ${rule}`);
      return standIn;
    }
    const value = parse(raw);
    if (value === undefined) this.refuse(name, rule);
    return value ?? standIn;
  }

  /**
   * The text of a variable, or of the file that `NAME_FILE` names: secrets are handed to containers as files. An empty
   * variable counts as an absent one: compose files pass `NAME=` for what is not set.
   *
   * @returns undefined after a refusal
   */
  #text(name: string): string | undefined {
    const text = this.env[name]?.trim() ?? "";
    const file = this.env[`${name}_FILE`]?.trim() ?? "";
    if (file === "") return text;
    if (text !== "") this.refuse(name, `must not be set beside ${name}_FILE`);
    else
      try {
        return readFileSync(file, "utf8").trim();
      } catch {
        this.refuse(`${name}_FILE`, "must name a file that can be read");
      }
    return undefined;
  }
}

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) deepFreeze(inner);
  }
  return value;
}

/**
 * Builds a configuration once and freezes it. Variables nobody reads are no concern of it.
 *
 * @param build reads the variables and states the rules between them
 * @throws ConfigError naming every variable that is missing or wrong
 */
export function readEnv<T>(env: Environment, build: (read: EnvReader) => T): T {
  const reader = new EnvReader(env);
  const config = build(reader);
  if (reader.problems.length > 0) throw new ConfigError(reader.problems);
  return deepFreeze(config);
}
