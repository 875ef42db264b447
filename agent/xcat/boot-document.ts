import { z } from "zod";
import { DOCUMENT_LIMITS, DOCUMENT_VERSION, NODE_NAME } from "./document-limits.ts";

/**
 * What `GET /v1/nodes/{node}/boot` answers: everything that one boot needs to be told. The server and tests use the
 * schema; the agent takes nothing but types from here and reads documents by document.ts, which accepts the same.
 */

const { rows, text } = DOCUMENT_LIMITS;
const words = z.string().max(text);

const litefileRow = z
  .object({
    options: words.describe("the options column, e.g. link,ro; empty is link"),
    path: words.min(1).describe("one that ends in / is a directory"),
  })
  .readonly();

const litetreeRow = z
  .object({
    server: words.describe("empty where the row names a directory of the image itself"),
    directory: words,
    mountOptions: words.describe("e.g. soft,timeo=30; empty where none"),
    error: words
      .exactOptional()
      .describe("why the row could not be made out; the agent reports it and leaves the row out"),
  })
  .readonly();

export const bootDocumentSchema = z
  .object({
    schema: z.literal(DOCUMENT_VERSION),
    node: z.string().regex(NODE_NAME).describe("the node's name, as the tables have it"),
    image: words.min(1).describe("the name of its image"),
    litefile: z.array(litefileRow).min(1).max(rows).readonly().describe("by the byte order of the paths"),
    litetree: z.array(litetreeRow).max(rows).readonly().describe("the first is searched first"),
    state: z
      .object({
        location: words.min(1).describe("server:/dir; the node's directory lies below it"),
        mountOptions: words,
      })
      .readonly()
      .exactOptional()
      .describe("absent where the node keeps no state"),
    partition: z
      .array(words)
      .max(rows)
      .readonly()
      .exactOptional()
      .describe("the lines of getpartition; absent where policy does not allow it"),
  })
  .readonly();

export type BootDocument = z.infer<typeof bootDocumentSchema>;
export type LitetreeEntry = z.infer<typeof litetreeRow>;
