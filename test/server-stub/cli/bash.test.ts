import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const main = join(import.meta.dir, "../../../server-stub/main.ts");
const demo = join(import.meta.dir, "../../../qemu/demo/tables");
const image = "debian12-x86_64-statelite-compute";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "statelite-completion-"));
  const program = join(folder, "statelite-server");
  writeFileSync(program, `#!/bin/sh\nexec ${process.execPath} ${main} "$@"\n`);
  chmodSync(program, 0o755);
  mkdirSync(join(folder, "tftpboot"));
  writeFileSync(join(folder, "tftp-notes"), "");
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Splits the line as readline does with bash's own COMP_WORDBREAKS, and asks the function of the script. */
function completeInBash(line: string): readonly string[] {
  const script = `
    compopt() { :; }
    eval "$(statelite-server completion bash)"
    COMP_LINE=$1 COMP_POINT=\${#1}
    readarray -t COMP_WORDS < <(printf '%s' "$1" | grep -oE '[=:]|[^[:space:]=:]+')
    [[ $1 == *[[:space:]] ]] && COMP_WORDS+=("")
    COMP_CWORD=$(( \${#COMP_WORDS[@]} - 1 ))
    _statelite_server
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  const child = Bun.spawnSync(["bash", "--norc", "-c", script, "bash", line], {
    cwd: folder,
    env: { PATH: `${folder}:${process.env["PATH"]}`, STATELITE_TABLES: demo },
    timeout: 20_000,
  });
  expect(child.stderr.toString()).toBe("");
  return child.stdout
    .toString()
    .split("\n")
    .filter((word) => word !== "");
}

describe("bash completes, without what it takes for another word already", () => {
  const cases: readonly (readonly [string, string, readonly string[]])[] = [
    ["commands", "statelite-server lite", ["liteimg", "litefile", "litetree"]],
    ["nodes", "statelite-server nodeset n", ["n01", "n02"]],
    ["a state", "statelite-server nodeset n01 osi", ["osimage", "osimage="]],
    ["an image behind =", "statelite-server nodeset n01 osimage=deb", [image]],
    ["an image, nothing typed behind =", "statelite-server nodeset n01 osimage=", [image]],
    ["a new word", "statelite-server lslite -i ", [image]],
    ["folders alone", "statelite-server nodeset --tftp tft", ["tftpboot"]],
    ["files", "statelite-server serve --cert tft", ["tftp-notes", "tftpboot"]],
    ["files behind a colon", "statelite-server litefile --tables csv:tftp-", ["tftp-notes"]],
  ];
  for (const [rule, line, expected] of cases) {
    test(rule, () => {
      expect([...completeInBash(line)].sort()).toEqual([...expected].sort());
    });
  }
});
