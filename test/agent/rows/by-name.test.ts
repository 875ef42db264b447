import { describe, expect, test } from "bun:test";
import { isBrokenRule, valueByName } from "../../../agent/rows/by-name.ts";
import { droppedRows, formatDropped } from "../../../agent/rows/dropped.ts";
import { nodeAttribute } from "../../../agent/rows/nodes.ts";
import { tableSet } from "../../server-stub/support/tables.ts";

describe("a value that follows from the node's name is what Perl makes of it", () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ["10.0.0.9", "n01", "10.0.0.9"],
    ["|\\D+(\\d+)|10.0.0.($1+10)|", "n01", "10.0.0.11"],
    ["|\\D+(\\d+).*$|10.0.(($1-1)/40+1).(($1-1)%40+1)|", "n085-x", "10.0.3.5"],
    ["|\\D+(\\d+)|10.0.0.($1)|", "n01", "10.0.0.01"],
    ["|(.*)|($1)-bmc|", "n01", "n01-bmc"],
    ["|^(\\D+)(\\d+)$|($1)ib0-($2)|", "n07", "nib0-07"],
    ["|node(\\d+)|($1)($1)|", "node12", "1212"],
    // Only what stands in parentheses knows $1.
    ["|^(.*)$|$1-bmc|", "n01", "$1-bmc"],
    ["|n(\\d+)|($1-1)/40|", "n07", "6/40"],
    ["|n(\\d+)|10.1.1.1|", "n07", "10.1.1.1"],
    // By the numbers of the name.
    ["|10.0.0.($1+1)|", "n01", "10.0.0.2"],
    ["|10.($1).0.($2+1)|", "rack02n013", "10.2.0.14"],
    ["|10.0.0.($1+1)|", "abc", "10.0.0.1"],
    ["|srv|", "n01", "srv"],
    // Replaced as written.
    ["/\\z/-bmc/", "n01", "n01-bmc"],
    ["/n/m/", "nn01", "mn01"],
    ["/n(\\d+)/m$1/", "n01", "m$1"],
    // A part of the name.
    ["|\\d|x|", "n01", "nx1"],
    ["|(\\d+)|($1+1)|", "n01", "n"],
    ["|x(\\d+)|($1+1)|", "n01", "n01"],
    ["|n.*||", "n01", ""],
    // Whole numbers.
    ["|n(\\d+)|(7/2).(-7/2).(7%3).(-7%3)|", "n1", "3.-3.1.-1"],
    ["|n(\\d+)|(1-2-3).(2*3%4).(100/7/2)|", "n1", "-4.2.7"],
    ["|n(\\d+)|( $1 + 1 )|", "n07", "8"],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is Perl's.
    ["|n(\\d+)|(${1}+1)|", "n07", "8"],
    ["|n(\\d+)|($1/0)x|", "n07", "x"],
    ["|n(\\d+)|($2)x($2+1)|", "n07", "x1"],
    ["|n(\\d+)|(99999999999*99999999999)|", "n07", "1864711849423024129"],
    ['|n(\\d+)|a(sprintf("%03d",$1+1))b|', "n07", "a008b"],
    ["|n(\\d+)|(sprintf('%x-%X-%5d-%05d-%%',$1+3,255,-1,-1))|", "n07", "a-FF-   -1--0001-%"],
    // Parentheses without a partner are text.
    ["|n(\\d+)|(($1+1)|", "n07", "(($1+1)"],
    ["|n(\\d+)|x($1+1))|", "n07", "x8)"],
    // Perl's own.
    ["|\\An(\\d+)\\Z|($1+1)|", "n07", "8"],
    ["|[[:alpha:]]+([[:digit:]]+)|($1+1)|", "n7", "8"],
    ["|^((\\D+)(\\d+))(?:-(\\w+))?$|($3+1)|", "n07", "8"],
    ["|([ab]{1}[(*+]*)(n)+(\\d+)|($3+1)|", "ann07", "8"],
    // No rules.
    ["|a", "n1", "|a"],
    ["/install/", "n1", "/install/"],
    ["/vol/nfs/", "n1", "/vol/nfs/"],
  ];
  for (const [value, node, expected] of cases) {
    test(`${value} of ${node}`, () => {
      expect(valueByName(value, node)).toBe(expected);
      expect(isBrokenRule(value)).toBe(false);
    });
  }

  const broken = [
    "|n(\\d+)(|x|",
    "/(/x/",
    "|n(\\d+)|(system)|",
    '|n(\\d+)|($1>5?"a":"b")|',
    "|n(\\d+)|(010+$1)|",
    "|n(\\d+)|(2**3)|",
    '|n(\\d+)|(sprintf("%s%n",$1))|',
    "|n\\h(\\d+)|x|",
    "|^(\\w+)*-(\\d+)$|x|",
    "/((a*)b?)+c/x/",
    `|n|${"(".repeat(600)}1${")".repeat(600)}|`,
  ];
  for (const value of broken) {
    test(`${value.slice(0, 40)} cannot be worked out, and is no value`, () => {
      expect([isBrokenRule(value), valueByName(value, "n07")]).toEqual([true, ""]);
    });
  }
});

describe("rows of groups", () => {
  const set = tableSet({
    nodelist: '#node,groups\n"n01","a,b,c"\n"n02","a, b"\n"n03","a,,c"\n',
    bootparams:
      '#node,addkcmdline,kcmdline\n"a","one +=NEXTRECORD","x+=NEXTRECORD"\n"b","two"\n"c","three","|n(\\d+)|y($1+1)|"\n',
    noderes: '#node,nfsserver,xcatmaster\n"a","|n(\\d+)|(lc($1))|","/(/x/"\n',
  });

  test("add up where a value says so", () => {
    const added = (node: string): string => nodeAttribute(set, node, "bootparams", "addkcmdline");
    expect([added("n01"), added("n02"), added("n03")]).toEqual(["one two", "one ", "one three"]);
    expect(nodeAttribute(set, "n01", "bootparams", "kcmdline")).toBe("x|n(\\d+)|y($1+1)|");
  });

  test("whose values cannot be worked out are named", () => {
    expect(droppedRows(set).map(formatDropped)).toEqual(
      ["nfsserver", "xcatmaster"].map(
        (column) =>
          `noderes.csv line 2: ${column} cannot be worked out from a node's name; in parentheses are whole numbers, $1, + - * / % and sprintf("%02d",$1)`,
      ),
    );
  });
});
