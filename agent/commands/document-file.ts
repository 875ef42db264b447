import { promises as fs } from "node:fs";
import type { ProblemCode } from "../catalogue/catalogue.ts";
import { fatal } from "../errors.ts";
import { errorReason } from "../kernel/errno.ts";
import { readDocument } from "../report/read.ts";
import type { PlanDocument } from "../report/schema.ts";

/** Far more than the report of the largest table takes. */
const MAX_BYTES = 256 << 20;

/**
 * A plan or a report from a file or a pipe.
 *
 * @param about what it is, and what to do where it is none
 * @throws BootError
 */
export async function readDocumentFile(
  path: string,
  about: { readonly code: ProblemCode; readonly doing: string; readonly remedy: string },
): Promise<PlanDocument> {
  try {
    return readDocument(JSON.parse(await readText(path)));
  } catch (error) {
    throw fatal(about.code, {
      doing: about.doing,
      on: path,
      found: errorReason(error),
      remedy: about.remedy,
    });
  }
}

/** Of a pipe nobody knows how long it is. */
async function readText(path: string): Promise<string> {
  await using file = await fs.open(path, "r");
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of file.createReadStream({ highWaterMark: 1 << 20 })) {
    size += piece.length;
    if (size > MAX_BYTES) throw new Error(`more than ${MAX_BYTES} bytes, which is no report`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString();
}
