/**
 * How much a boot document may hold, for its schema and for the agent's reader alike: far above what a table of a real
 * site needs, far below a node's memory.
 */
export const DOCUMENT_LIMITS = {
  /** Of the whole document, as sent and as unpacked. */
  bytes: 16 * 1024 * 1024,
  /** Of each table, and lines of a partition file. */
  rows: 100_000,
  /** Characters of one text. */
  text: 16 * 1024,
} as const;

/** Raised when a field changes its meaning or goes; fields that an agent does not know are passed over. */
export const DOCUMENT_VERSION = 1;

/** A node's name: letters, digits, dashes and underscores, with dots between (RFC 1123 and what sites have). */
export const NODE_NAME = /^\w(?:[\w.-]{0,251}\w)?$/;
