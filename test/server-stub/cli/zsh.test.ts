import { expect, test } from "bun:test";
import { shellScripts } from "../../../server-stub/cli/shells.ts";

test("zsh: the script registers itself where it is sourced, and is the function's body where compinit reads it", () => {
  const [first] = shellScripts.zsh.split("\n");
  const last = shellScripts.zsh.trimEnd().split("\n").at(-1);
  expect([first, last]).toEqual([
    "#compdef statelite-server",
    'if [[ $funcstack[1] == _statelite-server ]]; then _statelite_server "$@"; else compdef _statelite_server statelite-server; fi',
  ]);
  // zsh is none of the packages that set-up installs: where it is there it has the last word.
  if (Bun.which("zsh") === null) return;
  const script = 'autoload -U compinit; compinit -D -u; eval "$1"; print -r -- $_comps[statelite-server]';
  const child = Bun.spawnSync(["zsh", "-f", "-c", script, "zsh", shellScripts.zsh], { timeout: 20_000 });
  expect([child.stdout.toString(), child.stderr.toString()]).toEqual(["_statelite_server\n", ""]);
});
