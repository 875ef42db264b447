import fc from "fast-check";
import invariant from "tiny-invariant";
import { printable } from "../../agent/errors.ts";
import { failureLines, failureMessage } from "../../agent/failure/message.ts";
import { withoutSecrets } from "../../agent/secrets.ts";
import { formatSyslog, MESSAGE_BYTES, piecesOf } from "../../agent/syslog/message.ts";
import { pureTarget } from "./target.ts";

/** What servers, tables and file names bring: anything, and what terminals and log servers look for. */
const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 200 }),
  fc
    .array(
      fc.oneof(
        fc.constantFrom(
          "\u001b[2J",
          "\n<0>1 - ",
          "\u009b",
          "\u202e",
          "//u:geheim@h",
          "password=geheim",
          "…",
          "ä",
          "😀",
          "%s",
        ),
        fc.string({ unit: "grapheme", maxLength: 2000 }),
      ),
      { maxLength: 8 },
    )
    .map((parts) => parts.join("")),
);

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/;

export default pureTarget(
  {
    name: "messages",
    about:
      "Any text in a problem: no line of console, log or syslog can be forged by it, none holds a secret.",
    inputs: 100_000,
    share: 4000,
  },
  fc.record({ doing: text, on: text, found: text, remedy: text }),
  (parts) => {
    const problem = { class: "fatal", code: "image-mount", ...parts } as const;
    const console = failureMessage([problem], "shell").map(printable);
    const lines = failureLines([problem], "shell").map(printable);
    for (const line of [...console, ...lines]) invariant(!CONTROLS.test(line), "no control character");
    invariant(console.length === 11 && lines.length === 2, "no line more");
    for (const line of lines) {
      invariant(!line.includes("//u:geheim@") && !line.includes("password=geheim"), "no secret");
      const bytes = formatSyslog({ severity: "error", id: problem.code, text: line }, parts.on, 0);
      invariant(bytes.length <= MESSAGE_BYTES + 400, "one datagram");
      invariant(
        /^<27>1 - \S{1,255} statelite 1 image-mount - /.test(bytes.toString()),
        "its header is whole",
      );
      invariant(!CONTROLS.test(bytes.toString()), "one line");
    }
    invariant(withoutSecrets(withoutSecrets(parts.found)) === withoutSecrets(parts.found), "once is enough");
    const pieces = piecesOf("report", JSON.stringify(parts), 1000);
    const whole = pieces.map((piece) => piece.text.replace(/^report \d+\/\d+ /, "")).join("");
    invariant(whole === Buffer.from(JSON.stringify(parts)).toString(), "the pieces are the whole");
  },
);
