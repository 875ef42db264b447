import fc from "fast-check";
import invariant from "tiny-invariant";
import { type Answer, AnswerError, type AnswerLimits, AnswerReader } from "../../agent/xcat/answer.ts";
import { QueryFailure } from "../../agent/xcat/failure.ts";
import { readLitefile } from "../../agent/xcat/litefile.ts";
import { readLitetree } from "../../agent/xcat/litetree.ts";
import { findRefusal } from "../../agent/xcat/refusal.ts";
import { writeDone, writeReply } from "../../server-stub/protocol/answer.ts";
import { mutated } from "./mutate.ts";
import { type Outcome, outcomeOf } from "./outcome.ts";
import { type Cuts, cuts, inPieces } from "./pieces.ts";
import { answerSamples, xmlTokens } from "./samples.ts";
import { checkAbsolute, checkEqual, checkHost, checkProblem } from "./shapes.ts";
import { pureTarget } from "./target.ts";

/** Small, so that inputs reach them. */
const LIMITS: AnswerLimits = { bytes: 200_000, replies: 60, line: 6000 };

const tokens = [
  ...xmlTokens,
  ...["<xcatresponse>", "</xcatresponse>", "<serverdone></serverdone>", "<serverdone/>", "<info>", "<data>"],
  ...[
    "<error>Permission denied",
    "<errorcode>1</errorcode>",
    "n01: ",
    "n02: ",
    "link          /etc/",
    " :soft",
  ],
  ...["[fe80::1]:/a", "/../", "UNDEFINED", "#CMD=date#", "Usage: litefile", "\xe2\x80\xae", "\x1b[2J"],
];

const line = fc.oneof(
  fc.string({ unit: "grapheme-ascii" }),
  fc.string({ unit: fc.constantFrom(..."<>&;\"'\n\t a:/") }),
);
/** What the server writes, which the agent has to read as it was. */
const written = fc.array(line, { maxLength: 5 });

export default pureTarget(
  {
    name: "answer",
    about:
      "xcatd's answers in pieces of any size: rows, or a failure; what the server writes comes out as it went in.",
    inputs: 100_000,
    share: 1200,
  },
  fc.record({ text: mutated(answerSamples, tokens), sizes: cuts, lines: written }),
  ({ text, sizes, lines }) => {
    const bytes = Buffer.from(text, "latin1");
    const whole = read(bytes, [bytes.length || 1]);
    const pieces = read(bytes, sizes);
    // Where there is too much, it depends on the pieces what is too much first.
    if (whole.refusal?.kind !== "too-large" && pieces.refusal?.kind !== "too-large")
      checkEqual(essence(pieces), essence(whole), "pieces do not matter");
    if (pieces.value !== undefined) checkAnswer(pieces.value);

    const sent = [...lines.map((info) => writeReply({ info }, "mn")), writeDone(undefined)].join("");
    const { value } = read(Buffer.from(sent, "latin1"), sizes);
    checkEqual(
      value?.replies,
      lines.map((info) => ({ kind: "info", text: info })),
      "as it was written",
    );
  },
);

function read(bytes: Uint8Array, sizes: Cuts): Outcome<Answer | undefined, AnswerError> {
  const reader = new AnswerReader(LIMITS);
  return outcomeOf(() => {
    for (const piece of inPieces(bytes, sizes)) {
      const answer = reader.push(piece);
      if (answer !== undefined) return answer;
    }
    return undefined;
  }, AnswerError);
}

/** Its size on the wire is that of the pieces that were needed, its error's text may show less of what came. */
function essence({ value, refusal }: ReturnType<typeof read>): unknown {
  return value === undefined ? (refusal?.kind ?? "no end") : [value.replies, value.source];
}

function checkAnswer(answer: Answer): void {
  invariant(answer.replies.length <= LIMITS.replies);
  for (const command of ["litefile", "litetree", "getpartition"] as const)
    checkFailure(findRefusal(command, answer));
  const file = outcomeOf(() => readLitefile(answer), QueryFailure);
  checkFailure(file.refusal);
  for (const { options, path } of file.value?.rows ?? []) invariant(options !== "" && path !== "");
  const tree = outcomeOf(() => readLitetree(answer), QueryFailure);
  checkFailure(tree.refusal);
  for (const problem of tree.value?.problems ?? []) checkProblem(problem);
  for (const { server, directory, mountOptions } of tree.value?.rows ?? []) {
    if (server !== "") checkHost(server.replace(/^\[(.*)\]$/, "$1"));
    checkAbsolute(directory);
    invariant(/^[!-~]*$/.test(mountOptions));
  }
}

function checkFailure(failure: QueryFailure | undefined): void {
  if (failure !== undefined) checkProblem(failure.problem("ask the server", "mn:3001"));
}
