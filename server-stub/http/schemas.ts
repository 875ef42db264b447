import { z } from "zod";
import { PROBLEM_KINDS, PROBLEM_TYPE } from "./answer.ts";

/** The bodies that the HTTP side has beside boot documents and reports. */

/** RFC 9457. */
export const problemSchema = z.object({
  type: z
    .enum(PROBLEM_KINDS.map((kind) => `${PROBLEM_TYPE}${kind}`))
    .describe("tells kinds of problems apart"),
  title: z.string().describe("the words of the status"),
  status: z.int().min(400).max(599),
  detail: z.string().describe("what is wrong, for people"),
  errors: z
    .array(z.object({ path: z.string(), message: z.string() }))
    .max(10)
    .exactOptional()
    .describe("of a report that is none: where"),
});

export const healthSchema = z.object({
  status: z.literal("ok"),
  tables: z.string().describe("where the tables come from"),
  working: z.int().min(0).describe("requests that are worked on"),
});

export const keptSchema = z.object({ kept: z.string().describe("the name under which the report is kept") });
