import type { Chapter } from "./entry.ts";

/** `plan`, `explain` and the server, which read tables and documents from files. */
export const TABLES = {
  tables: {
    meaning: "The tables could not be read.",
    cause: "The folder that was given is none of tables.",
    remedy: "Give a folder that `dumpxCATdb -p DIR` wrote.",
  },
  "tables-missing": {
    meaning: "A table is not in the folder, and is taken for empty.",
    cause: "A dump of single tables only.",
    remedy: "Dump the missing one, if it is not empty.",
  },
  "tables-row": {
    meaning: "A line of a table cannot be read, and is left out.",
    cause: "A quote that is not closed, or cells too many.",
    remedy: "Correct the line.",
  },
  "tables-node": {
    meaning: "The tables have no node of that name.",
    cause: "A typing error.",
    remedy: "`tabdump nodelist` shows the names.",
  },
  "tables-image": {
    meaning: "The tables give the node no image.",
    cause: "`nodeset` was never run for it.",
    remedy: "Run it, or name an image with `--image`.",
  },
  "tables-osimage": {
    meaning: "The tables know no image of that name. Rows for `ALL` apply to any name.",
    cause: "A typing error in `--image`, or in what `liteimg` was given.",
    remedy: "`tabdump osimage` shows the names.",
  },
  "tables-too-large": {
    meaning: "The tables have more rows for the node than an agent takes.",
    cause: "Single files in place of directories.",
    remedy: "Name directories in litefile.",
  },
  "tables-unreadable": {
    meaning: "A row would not be understood by the agent of a node.",
    cause: "Characters in it that cannot be sent.",
    remedy: "Correct the row that the message quotes.",
  },
  "tables-dropped": {
    meaning: "The server leaves a row, or a value in it, out without a word.",
    cause:
      "An empty image column, a priority that another row has, too, or a value that cannot be worked out from a node's name.",
    remedy: "Correct the row if it was meant to count.",
  },
  "source-not-given": {
    meaning: "A plan was made without one of the sources.",
    cause: "No `--source` says which folder stands in for it.",
    remedy: "Give it with `--source SERVER:/DIR=LOCALDIR`.",
  },
  "state-not-given": {
    meaning: "A plan was made without the node's state.",
    cause: "No `--source` covers STATEMNT.",
    remedy: "Give it in the same way.",
  },
  "state-missing": {
    meaning: "The folder of the node's state cannot be looked at.",
    cause: "It is no directory, or may not be read.",
    remedy: "Correct the path, or run it as root.",
  },
  "directory-given": {
    meaning: "A folder that was given on the command line cannot be used.",
    cause: "It is not there, or no directory.",
    remedy: "Correct the path.",
  },
  "report-file": {
    meaning: "The report of a boot cannot be read.",
    cause: "The node was not booted by this agent, or the file is another one.",
    remedy: "Give the file with `--report`.",
  },
  "report-unplanned": {
    meaning: "The boot whose report this is had ended before there was a plan.",
    cause: "The problem that ended it, which the message quotes.",
    remedy: "Mend that one.",
  },
  "plan-file": {
    meaning: "An earlier plan cannot be read.",
    cause: "The file was not written by `plan --json`.",
    remedy: "Give one that was.",
  },
} as const satisfies Chapter;
