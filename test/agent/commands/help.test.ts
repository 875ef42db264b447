import { describe, expect, test } from "bun:test";
import { join } from "node:path";

const PROGRAM = join(import.meta.dirname, "../../../agent/main.ts");

function run(...words: readonly string[]) {
  const { exitCode, stdout, stderr } = Bun.spawnSync([process.execPath, PROGRAM, ...words]);
  return { status: exitCode, out: stdout.toString(), err: stderr.toString() };
}

describe("help", () => {
  test.each(["--help", "-h", "help"])("%s names every command", (word) => {
    const { status, out } = run(word);
    for (const command of ["init", "apply", "plan", "explain"])
      expect(out).toMatch(new RegExp(`^  ${command} `, "m"));
    expect(status).toBe(0);
  });

  test.each([
    ["init", []],
    ["apply", ["--root", "--cmdline", "--ca", "--source", "--state", "--localdisk"]],
    [
      "plan",
      ["--root", "--tables", "--node", "--image", "--source", "--state", "--localdisk", "--json", "--diff"],
    ],
    ["explain", ["--root", "--report", "--tables", "--node", "--image", "--source", "--json"]],
  ] as const)("%s --help names every option, whatever stands beside it", (command, options) => {
    const { status, out } = run(command, "--root", "/nowhere", "--help");
    expect(out).toStartWith(`usage: statelite-agent ${command}`);
    for (const option of options) expect(out).toContain(`  ${option} `);
    expect(Math.max(...out.split("\n").map((line) => line.length))).toBeLessThanOrEqual(120);
    expect(status).toBe(0);
  });

  test.each([
    ["no command", [], "a command is missing"],
    ["a command that there is not", ["pln"], "there is no command pln"],
    ["a name that every object has", ["constructor"], "there is no command constructor"],
    ["an option that there is not", ["plan", "--rot", "/"], "--rot is not understood"],
    ["an option without its value", ["plan", "--root"], "--root needs a value"],
    ["help as the value of nothing", ["plan", "--", "--help"], "--help is not understood"],
  ])("%s is wrong usage, and says where help is", (_, words, said) => {
    const { status, out, err } = run(...words);
    expect(err).toContain(said);
    expect(err).toContain("--help tells what there is");
    expect([status, out]).toEqual([2, ""]);
  });
});
