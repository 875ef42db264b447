import { afterAll, expect, test } from "bun:test";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ReportBuilder } from "../../../agent/report/report.ts";
import { backEndKinds, openBackEnd } from "../../../qemu/back-ends.ts";
import reverseNames from "../../golden/xcatd/reverse-dns.json";
import { http } from "../support/http.ts";
import { startServer } from "../support/server.ts";

const golden = join(import.meta.dir, "../../golden/xcatd");
const made: string[] = [];
afterAll(() => Promise.all(made.map((folder) => rm(folder, { recursive: true }))));

for (const tables of ["tables-baseline", "tables-edges"]) {
  test(`servers of the same tables (${tables}) give the same documents, from whichever back end, and share reports`, async () => {
    const folder = await mkdtemp(join(tmpdir(), "statelite-same-"));
    made.push(folder);
    const csv = join(folder, "tables");
    await cp(join(golden, tables), csv, { recursive: true });
    const backEnds = await Promise.all(backEndKinds.map((kind) => openBackEnd(kind, csv)));
    const options = ["--http", "127.0.0.1:0", "--reports", join(folder, "reports"), "--allow-cmd"];
    const servers = await Promise.all(
      backEnds.map(({ argument }) => startServer(argument, reverseNames, ...options)),
    );
    try {
      for (const source of Object.keys(reverseNames)) {
        const answers = await Promise.all(
          servers.map((server) => http(server, "/v1/nodes/-/boot", { source })),
        );
        const [first, ...others] = answers.map(({ status, headers, body }) => [
          status,
          headers["etag"],
          body,
        ]);
        for (const other of others) expect(other).toEqual(first ?? []);
      }
      const source = "127.0.0.2";
      const headers = { "Content-Type": "application/json" };
      for (const [index, server] of servers.entries()) {
        const body = JSON.stringify(new ReportBuilder(`1.0.${index}`).build(true));
        expect(
          (await http(server, "/v1/nodes/-/report", { source, method: "POST", headers, body })).status,
        ).toBe(201);
        for (const asked of servers)
          expect((await http(asked, "/v1/nodes/n01/report", { source })).body).toBe(body);
      }
    } finally {
      await Promise.all(servers.map((server) => server.stop()));
      await Promise.all(backEnds.map((backEnd) => backEnd.close()));
    }
  }, 60_000);
}
