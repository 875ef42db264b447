import type { ProblemCode } from "../catalogue/catalogue.ts";
import type { Problem } from "../errors.ts";
import { withoutSecrets } from "../secrets.ts";
import { PARAMETERS, type ParameterName } from "./parameters.ts";
import { BadValue } from "./values.ts";
import { formatParameter, type Parameter } from "./words.ts";

/** Looks parameters up, reads their values, and keeps every problem on the way. */
export class ParameterReader {
  readonly problems: Problem[] = [];
  readonly notes: Problem[] = [];
  readonly parameters: readonly Parameter[];

  constructor(parameters: readonly Parameter[]) {
    this.parameters = parameters;
  }

  /** The last one of that name, which wins. */
  last(name: string): Parameter | undefined {
    return this.parameters.findLast((p) => p.name === name);
  }

  /** The last one's value; absent, a bare word and an empty value are one and the same: xCAT writes `STATEMNT=`. */
  value(name: string): string | undefined {
    return this.last(name)?.value || undefined;
  }

  /** The last one's value, read. Where it cannot be read there is a problem, and nothing. */
  read<T>(name: ParameterName, readValue: (text: string) => T): T | undefined {
    const value = this.value(name);
    return value === undefined ? undefined : this.attempt(name, value, readValue);
  }

  /** Every one's value, read: for parameters that add up. */
  readEach<T>(name: ParameterName, readValue: (text: string) => T): readonly T[] {
    return this.parameters
      .filter((p) => p.name === name && p.value)
      .map((p) => this.attempt(name, p.value ?? "", readValue))
      .filter((value) => value !== undefined);
  }

  attempt<T>(name: ParameterName, value: string, readValue: (text: string) => T): T | undefined {
    const { takes, remedy } = PARAMETERS[name];
    return this.attemptAs({ name, value }, takes, remedy, readValue);
  }

  attemptAs<T>(parameter: Parameter, takes: string, remedy: string, readValue: (text: string) => T) {
    try {
      return readValue(parameter.value ?? "");
    } catch (error) {
      if (!(error instanceof BadValue)) throw error;
      this.refuse(parameter, `${error.message}; expected: ${takes}`, error.remedy ?? remedy);
      return undefined;
    }
  }

  refuse(parameter: Parameter, found: string, remedy: string): void {
    this.problems.push(problem("fatal", "cmdline-value", parameter, found, remedy));
  }

  note(parameter: Parameter, found: string, remedy: string): void {
    this.notes.push(problem("note", "cmdline-note", parameter, found, remedy));
  }
}

function problem(
  cls: Problem["class"],
  code: ProblemCode,
  parameter: Parameter,
  found: string,
  remedy: string,
) {
  return {
    class: cls,
    code,
    doing: "read the kernel command line",
    on: shorten(withoutSecrets(formatParameter(parameter))),
    found: shorten(withoutSecrets(found)),
    remedy,
  };
}

function shorten(text: string): string {
  return text.length <= 300 ? text : `${text.slice(0, 300)}… (${text.length} characters)`;
}
