import { z } from "zod";

/**
 * The shapes of `report.json` and of `plan --json`, for who reads them: the server, a status page, tests. The agent
 * itself takes nothing but types from here; `npm test` holds what it writes, and the JSON Schema files beside this
 * one, against it.
 */

/** Raised when a field changes its meaning or goes. */
export const SCHEMA_VERSION = 1;

const problem = z
  .strictObject({
    class: z.enum(["fatal", "row", "source", "note"]),
    code: z.string().describe("stable word for programs, e.g. nfs-mount"),
    doing: z.string().describe("what was being done"),
    on: z.string().describe("on what"),
    found: z.string().describe("what was found, and what was wanted"),
    remedy: z.string().describe("what to do about it"),
    row: z.strictObject({ options: z.string(), path: z.string() }).readonly().exactOptional(),
  })
  .readonly();

const phase = z
  .strictObject({
    name: z.string(),
    start: z.number().describe("milliseconds since the kernel started"),
    end: z.number().exactOptional().describe("absent where the phase did not finish"),
  })
  .readonly();

const candidate = z
  .strictObject({
    name: z.string().describe("e.g. source 1 (10.0.0.1:/syncdirs/common), default, state"),
    location: z.string().describe("where it was looked for, as a path on the node"),
    found: z.string().exactOptional().describe("what is there, e.g. file, 120 bytes"),
    passedOver: z.string().exactOptional().describe("why it cannot serve; absent where it could"),
  })
  .readonly();

const rowPlace = {
  place: z.string().describe("file and line, e.g. litefile.csv line 4"),
  image: z.string().describe("its image column: the image's name, ALL, the image's groups, or empty"),
};

const origin = z
  .strictObject({
    ...rowPlace,
    insteadOf: z
      .array(z.strictObject(rowPlace).readonly())
      .readonly()
      .describe("rows for the same that it goes before"),
  })
  .readonly();

const source = z
  .strictObject({
    name: z.string().describe("e.g. 10.0.0.1:/syncdirs/common"),
    location: z.string().describe("where it is mounted, as a path on the node"),
    unavailable: z.string().exactOptional().describe("why it cannot serve; absent where it can"),
    lookedAt: z.string().exactOptional().describe("the local directory that a plan took for it"),
    origin: origin.exactOptional().describe("its litetree row, where the tables were at hand"),
  })
  .readonly();

const entry = z
  .strictObject({
    path: z.string(),
    options: z.string().describe("as the litefile row has them"),
    placement: z
      .enum(["bind", "link", "inside parent", "overlay", "none"])
      .describe("how it appears at its path; none where it does not, which a problem tells"),
    at: z
      .string()
      .exactOptional()
      .describe("its path once the image's links above it are followed, where that differs"),
    winners: z.array(z.string()).readonly().describe("names of the candidates that its content comes from"),
    content: z.string().exactOptional().describe("where the content lies, as a path on the node"),
    candidates: z.array(candidate).readonly().describe("every place of the search, in order"),
    origin: origin.exactOptional().describe("its litefile row, where the tables were at hand"),
  })
  .readonly();

const plannedOp = z
  .strictObject({
    op: z.string().describe("the line of it in statelite.log"),
    kind: z.enum(["copy", "seed", "remember", "overlay", "concatenate", "symlink", "mountpoint", "bind"]),
    row: z.strictObject({ options: z.string(), path: z.string() }).readonly(),
    winners: z
      .array(z.string())
      .readonly()
      .describe("names of the candidates that the row's content comes from"),
  })
  .readonly();

const doneOp = z
  .strictObject({
    ...plannedOp.unwrap().shape,
    bytes: z.number(),
    files: z.number(),
    milliseconds: z.number(),
    failed: z.string().exactOptional().describe("why it failed; absent where it did not"),
  })
  .readonly();

const described = {
  schema: z.literal(SCHEMA_VERSION),
  agent: z.string().describe("version of the agent"),
  node: z.string().exactOptional(),
  image: z.string().exactOptional().describe("e.g. 10.0.0.1:/install/compute/rootimg"),
  sources: z.array(source).readonly().describe("the litetree sources in the order of the search"),
  entries: z.array(entry).readonly(),
  problems: z.array(problem).readonly(),
};

/** What became of a boot (semantics section 9). */
export const reportSchema = z
  .strictObject({
    ...described,
    ok: z.boolean().describe("whether the boot went on to the real init"),
    phases: z.array(phase).readonly(),
    ops: z.array(doneOp).readonly(),
    totals: z
      .strictObject({
        entries: z.number(),
        ops: z.number(),
        bytes: z.number(),
        files: z.number(),
        problems: z.number(),
        peakMemory: z.number().exactOptional().describe("of the agent, in bytes (VmHWM)"),
      })
      .readonly(),
  })
  .readonly();

/** What a boot would do: `plan --json`. */
export const planSchema = z.strictObject({ ...described, ops: z.array(plannedOp).readonly() }).readonly();

export type Report = z.infer<typeof reportSchema>;
export type PlanDocument = z.infer<typeof planSchema>;
/** Of a document that another version may have written: its codes may be others. */
export type ReportedProblem = z.infer<typeof problem>;
export type ReportedSource = z.infer<typeof source>;
export type ReportedEntry = z.infer<typeof entry>;
export type ReportedOp = z.infer<typeof doneOp>;
export type PlannedOp = z.infer<typeof plannedOp>;
export type PhaseTime = z.infer<typeof phase>;

/** The JSON Schema files that stand beside this one, by their names (JSON Schema 2020-12). */
export const jsonSchemas = {
  "report.schema.json": z.toJSONSchema(reportSchema),
  "plan.schema.json": z.toJSONSchema(planSchema),
} as const;
