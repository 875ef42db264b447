import fc from "fast-check";
import invariant from "tiny-invariant";
import { type Expansion, expandNoderange } from "../../server-stub/model/noderange.ts";
import { tableSet } from "../server-stub/support/tables.ts";
import { mutated } from "./mutate.ts";
import { checkEqual } from "./shapes.ts";
import { pureTarget } from "./target.ts";

const NODES = Array.from({ length: 40 }, (_, n) => `n${String(n + 1).padStart(2, "0")}`);
const groupsOf = (n: number) => ["all", n % 2 === 0 ? "even" : "odd", `rack${Math.floor(n / 10)}`];
const set = tableSet({
  nodelist: ["#node,groups", ...NODES.map((node, n) => `"${node}","${groupsOf(n).join(",")}"`), ""].join(
    "\n",
  ),
  nodetype:
    '#node,os\n"even","rhels9"\n"odd","aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"\n',
});

/** A range, and what it stands for. */
interface Meant {
  readonly text: string;
  readonly nodes: readonly string[];
}

const index = fc.nat(NODES.length - 1);
const span = fc.tuple(index, index).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);
const node = index.map((n): Meant => ({ text: NODES[n] ?? "", nodes: NODES.slice(n, n + 1) }));
const group = fc
  .constantFrom("all", "even", "odd", "rack0", "rack3")
  .map((name): Meant => ({ text: name, nodes: NODES.filter((_, n) => groupsOf(n).includes(name)) }));
const digits = (n: number) => (NODES[n] ?? "").slice(1);
const range = fc.tuple(span, fc.nat(4)).map(([[from, to], form]): Meant => {
  const [a, b] = [digits(from), digits(to)];
  const text =
    [`n[${a}-${b}]`, `n[${a}:${b}]`, `n${a}-n${b}`, `n${a}:n${b}`, `n${a}+${to - from}`][form] ?? "";
  return { text, nodes: NODES.slice(from, to + 1) };
});
const list = fc
  .array(index, { minLength: 1, maxLength: 5 })
  .map(
    (some): Meant => ({ text: `n[${some.map(digits).join(",")}]`, nodes: some.map((n) => NODES[n] ?? "") }),
  );
const pattern = fc.constantFrom<Meant>(
  { text: "/n0.*", nodes: NODES.slice(0, 9) },
  { text: "/n(01|4[0-9])/", nodes: ["n01", "n40"] },
  { text: "nodetype.os=~^rh", nodes: NODES.filter((_, n) => n % 2 === 0) },
  { text: "nodetype.os!=rhels9", nodes: NODES.filter((_, n) => n % 2 === 1) },
);
const { whole } = fc.letrec<{ whole: Meant; part: Meant }>((tie) => ({
  part: fc.oneof(
    { depthSize: "small" },
    node,
    group,
    range,
    list,
    pattern,
    tie("whole").map(({ text, nodes }): Meant => ({ text: `(${text})`, nodes })),
    fc.tuple(fc.oneof(group, range, list), fc.oneof(group, list, node)).map(
      ([a, b]): Meant => ({
        text: `${a.text}@${b.text}`,
        nodes: a.nodes.filter((one) => b.nodes.includes(one)),
      }),
    ),
  ),
  whole: fc.array(fc.tuple(tie("part"), fc.boolean()), { minLength: 1, maxLength: 4 }).map((parts): Meant => {
    const included = new Set(parts.filter(([, out]) => !out).flatMap(([{ nodes }]) => nodes));
    for (const [{ nodes }, out] of parts) if (out) for (const one of nodes) included.delete(one);
    const text = parts.map(([{ text }, out]) => `${out ? "-" : ""}${text}`).join(",");
    return { text, nodes: [...included] };
  }),
}));

const samples = [
  ...["all,-n[01-20]", "(even,n03)@rack1", "n01-n20,n30+5", "/n[0-3].*/", "nodetype.os=~/^rh/,groups==all"],
  ...["nodetype.os=~(a+)+b", `/${"(?:n|n)".repeat(12)}`, "n[1-200000]", `all,${"-all,".repeat(300)}`],
  ...["9".repeat(3000), "n[1-3]".repeat(20), "nodetype.os=~a*a*a*a*a*a*b", "nodetype.os=~^(a|a|a)*$"],
];
const tokens = [
  ...[
    ",",
    "-",
    "@",
    "(",
    ")",
    "[",
    "]",
    "/",
    "=~",
    "!~",
    "==",
    "+",
    ":",
    "^",
    ".*",
    "(a+)+",
    "{9,}",
    "\\1",
    "|",
  ],
  ...[
    "n[1-200000]",
    "n01",
    "all",
    "even@odd",
    "n01+199999",
    "(".repeat(50),
    "nodetype.os",
    "groups",
    "?",
    "(?<=",
  ],
];

export default pureTarget(
  {
    name: "noderange",
    about: "Ranges of nodes from anybody: each node once, all of them, and never much work.",
    inputs: 100_000,
    share: 500,
  },
  fc.record({ meant: whole, text: mutated(samples, tokens) }),
  ({ meant, text }) => {
    checkEqual(expandNoderange(set, meant.text), { nodes: meant.nodes.toSorted(), missing: [] }, meant.text);
    checkExpansion(expandNoderange(set, text));
  },
);

function checkExpansion({ nodes, missing }: Expansion): void {
  invariant(new Set(nodes).size === nodes.length, "a node comes twice");
  invariant(nodes.every((one) => NODES.includes(one)) && missing.length <= 1000);
}
