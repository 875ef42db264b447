import type { BootDocument, LitetreeEntry } from "./boot-document.ts";
import { DOCUMENT_LIMITS, DOCUMENT_VERSION, NODE_NAME } from "./document-limits.ts";
import { Faults, list, literal, record, text } from "./shape.ts";
import type { LitefileRow } from "./tables.ts";

/** What is no boot document; the message says at which paths. */
export class DocumentError extends Error {
  override readonly name = "DocumentError";
}

const words = text({ most: DOCUMENT_LIMITS.text });
const something = text({ least: 1, most: DOCUMENT_LIMITS.text });
const rows = { most: DOCUMENT_LIMITS.rows };

const bootDocument = record(
  {
    schema: literal(DOCUMENT_VERSION),
    node: text({ most: 253, pattern: NODE_NAME }),
    image: something,
    litefile: list(record<LitefileRow>({ options: words, path: something }), { least: 1, ...rows }),
    litetree: list<LitetreeEntry>(
      record({ server: words, directory: words, mountOptions: words }, { error: words }),
      rows,
    ),
  },
  {
    state: record({ location: something, mountOptions: words }),
    partition: list(words, rows),
  },
);

/**
 * Reads a boot document: what boot-document.ts describes and nothing else, without the library that it is described
 * in, which a node has no room for.
 *
 * @param bytes UTF-8
 * @throws DocumentError
 */
export function readBootDocument(bytes: Uint8Array): BootDocument {
  const faults = new Faults();
  const document = bootDocument(parse(bytes), "", faults);
  if (document === undefined || !faults.none) throw new DocumentError(`${faults}`);
  return document;
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new DocumentError("it is no JSON text in UTF-8", { cause });
  }
}
