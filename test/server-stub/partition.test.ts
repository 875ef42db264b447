import { expect, test } from "bun:test";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import reverseNames from "../golden/xcatd/reverse-dns.json";
import { ask, startServer } from "./support/server.ts";

const request = "<xcatrequest><command>getpartition</command></xcatrequest>\n";
const done = "<xcatresponse>\n  <serverdone></serverdone>\n</xcatresponse>\n";

test("getpartition sends the partition file where policy allows it", async () => {
  const tables = await mkdtemp(join(tmpdir(), "statelite-tables-"));
  await cp(join(import.meta.dir, "../golden/xcatd/tables-baseline"), tables, { recursive: true });
  const file = join(tables, "partition");
  await Bun.write(file, "enable=yes\n[disk]\ndev=/dev/vda & co");
  const pipe = join(tables, "pipe");
  expect(Bun.spawnSync(["mkfifo", pipe]).exitCode).toBe(0);
  const image = (name: string, path: string): string => `"${name}","${path}",,\n`;
  await Bun.write(
    join(tables, "linuximage.csv"),
    `#imagename,partitionfile,comments,disable\n${image("rhels9-x86_64-statelite-compute", file)}${image("img-grouped", `s:${pipe}`)}`,
  );
  const policy = await Bun.file(join(tables, "policy.csv")).text();
  await Bun.write(join(tables, "policy.csv"), `${policy}"5",,,"getpartition",,,,"allow",,\n`);
  const server = await startServer(tables, reverseNames);
  const answers = [];
  for (const source of ["127.0.0.2", "127.0.0.11", "127.0.0.3", "127.0.0.5"])
    answers.push(await ask(server, source, request));
  await server.stop();
  await rm(tables, { recursive: true });
  const response = (...data: readonly string[]): string =>
    `<xcatresponse>\n${data.map((line) => `  <data>${line}</data>\n`).join("")}  <xcatdsource>xcatmn</xcatdsource>\n</xcatresponse>\n${done}`;
  expect(answers).toEqual([
    response("type=format", "enable=yes\n", "[disk]\n", "dev=/dev/vda &amp; co"),
    response("type=script", "Error: Could not read the file"),
    response("Error: No entry in linuximage table"),
    done,
  ]);
});
