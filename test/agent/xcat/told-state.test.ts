import { expect, test } from "bun:test";
import { parseCommandLine } from "../../../agent/cmdline/parse.ts";
import { BootError } from "../../../agent/errors.ts";
import { withToldState } from "../../../agent/xcat/told-state.ts";

const BASE = "NFSROOT=10.0.0.1:/image XCAT=https://mn/";

/** `server:/dir options` of the state that a boot goes on with, or what is wrong with it. */
function stateOf(commandLine: string, location: string | undefined, mountOptions = ""): string | undefined {
  const parsed = parseCommandLine(`${BASE} ${commandLine}`);
  if (!parsed.ok) throw new Error("refused");
  const told = location === undefined ? {} : { state: { location, mountOptions } };
  try {
    const { state } = withToldState(parsed.options, { rest: { image: "compute", ...told } });
    return state && `${state.servers}:${state.directory} ${state.options}`;
  } catch (error) {
    if (!(error instanceof BootError)) throw error;
    return error.message;
  }
}

// biome-ignore format: one case a line
const cases: readonly [rule: string, commandLine: string, location: string | undefined, state: string | undefined][] = [
  ["what the server names counts where the command line says nothing", "", "10.0.0.1:/lite", "10.0.0.1:/lite soft"],
  ["the command line goes before it", "STATEMNT=10.0.0.2:/own", "10.0.0.1:/lite", "10.0.0.2:/own "],
  ["also where it says that there is none", "STATEMNT=", "10.0.0.1:/lite", undefined],
  ["a server that names none leaves the node without", "", undefined, undefined],
];

test.each(cases)("%s", (_rule, commandLine, location, state) => {
  expect(stateOf(commandLine, location, "soft")).toBe(state);
});

test.each([
  ["without a directory", "10.0.0.1", "the directory is missing"],
  [
    "by a bug of a plug-in's",
    "127.0.0.1:18446744073709551615",
    "a number stands where the directory should be",
  ],
  ["on two servers", "a,b:/lite", "several servers are named"],
  ["with a variable left", "10.0.0.1:/lite/$node", "a variable in it was not replaced"],
  ["out of its directory", "10.0.0.1:/lite/../etc", '".."'],
])("a place %s ends the boot with what is wrong", (_rule, location, found) => {
  expect(stateOf("", location)).toContain(found);
});
