import { describe, expect, test } from "bun:test";
import type { Problem } from "../../agent/errors.ts";
import { failureLines, failureMessage } from "../../agent/failure/message.ts";
import { BootLog } from "../../agent/log.ts";
import { ReportBuilder } from "../../agent/report/report.ts";
import { withoutSecrets } from "../../agent/secrets.ts";

const KEY = "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEI\n-----END EC PRIVATE KEY-----";

describe("what is said in place of a secret", () => {
  test.each([
    ["imgurl=https://node:hunter2@web/rootimg.gz", "imgurl=https://***@web/rootimg.gz"],
    ["imgurl=https://node:hunt@er2@web/rootimg.gz", "imgurl=https://***@web/rootimg.gz"],
    ["imgurl=https://node:hunt/er2@web:80/x", "imgurl=https://***@web:80/x"],
    ["imgurl=http://web:8080/img@v2/x", "imgurl=http://web:8080/img@v2/x"],
    ["imgurl=http://[fe80::1]:80/img@v2", "imgurl=http://[fe80::1]:80/img@v2"],
    ["MNTOPTS=user=a,pass=hunter2,pwd=hunter2", "MNTOPTS=user=a,pass=***,pwd=***"],
    ["XCAT=https://hunter2@mn:3001,https://mn2", "XCAT=https://***@mn:3001,https://mn2"],
    ["MNTOPTS=sec=sys,password=hunter2,vers=3", "MNTOPTS=sec=sys,password=***,vers=3"],
    ['rd.Secret="hunter2 and more" quiet', "rd.Secret=*** quiet"],
    ["statelite.token=hunter2 quiet", "statelite.token=*** quiet"],
    ["https://mn/tables?token=hunter2&node=n01", "https://mn/tables?token=***&node=n01"],
    ["the server said: Authorization: Bearer hunter2hunter2", "the server said: Authorization: Bearer ***"],
    [`it read ${KEY} there`, "it read *** there"],
    ["mail root@mn about 10.0.0.1:/a//b", "mail root@mn about 10.0.0.1:/a//b"],
  ])("%s", (text, said) => {
    expect(withoutSecrets(text)).toBe(said);
  });
});

test("neither console, log, report nor any message has a secret of a problem", () => {
  const text = "imgurl=https://node:hunter2@web/x token=hunter2";
  const problem: Problem = {
    class: "fatal",
    code: "image-mount",
    doing: text,
    on: text,
    found: text,
    remedy: text,
  };
  const console: string[] = [];
  const log = new BootLog({ console: (line) => console.push(line), now: () => 0, verbose: true });
  const report = new ReportBuilder("0");
  log.say(text);
  log.detail(text);
  log.problem(problem);
  log.record(problem);
  report.identify({ image: text });
  report.problem(problem);
  const said = [
    console,
    log.lines,
    report.build(false),
    failureMessage([problem], ""),
    failureLines([problem], ""),
  ];
  expect(JSON.stringify(said)).not.toContain("hunter2");
  expect(JSON.stringify(said)).toContain("https://***@web/x token=***");
});
