/** Arguments that are not understood: exit status 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** What a command takes: options with a value, once or several times. */
export interface ArgumentSpec {
  readonly once: readonly string[];
  readonly many: readonly string[];
  readonly flags: readonly string[];
  /** How many words without a name there may be; none where not given. */
  readonly positional?: number;
}

export interface Arguments {
  /** The value of an option; undefined where it was not given. */
  value(name: string): string | undefined;
  /** The value of an option that must be there. @throws UsageError */
  required(name: string): string;
  values(name: string): readonly string[];
  flag(name: string): boolean;
  readonly positional: readonly string[];
}

/** `--name VALUE` and `--name=VALUE`, in any order; after `--` nothing is a name. @throws UsageError */
export function parseArguments(args: readonly string[], spec: ArgumentSpec): Arguments {
  const given = new Map<string, string[]>();
  const flags = new Set<string>();
  const positional: string[] = [];
  for (let i = 0, names = true; i < args.length; i++) {
    if (names && args[i] === "--") {
      names = false;
      continue;
    }
    if ((!names || !args[i]?.startsWith("--")) && positional.length < (spec.positional ?? 0)) {
      positional.push(args[i] ?? "");
      continue;
    }
    const [, name = "", inline] = /^--([^=]+)(?:=([\s\S]*))?$/.exec(args[i] ?? "") ?? [];
    if (spec.flags.includes(name) && inline === undefined) {
      flags.add(name);
      continue;
    }
    if (!spec.once.includes(name) && !spec.many.includes(name))
      throw new UsageError(`${args[i]} is not understood`);
    const value = inline ?? args[++i];
    if (value === undefined) throw new UsageError(`--${name} needs a value`);
    const before = given.get(name) ?? [];
    if (before.length > 0 && spec.once.includes(name)) throw new UsageError(`--${name} is given twice`);
    given.set(name, [...before, value]);
  }
  const value = (name: string) => given.get(name)?.[0];
  return {
    value,
    required: (name) => {
      const found = value(name);
      if (found === undefined) throw new UsageError(`--${name} is missing`);
      return found;
    },
    values: (name) => given.get(name) ?? [],
    flag: (name) => flags.has(name),
    positional,
  };
}
