import { z } from "zod";
import { reportSchema } from "../../agent/report/schema.ts";

/** A report of a boot that knew its node and image; anything else on the port is another document. */
const AgentReport = reportSchema.unwrap().required({ node: true, image: true });
export type AgentReport = z.infer<typeof AgentReport>;

/** What the guest's unit found; see image/usr/local/lib/statelite/findings. Texts are as the guest's programs printed them. */
const GuestFindings = z.object({
  kind: z.literal("guest"),
  /** `systemctl is-system-running`. */
  systemState: z.string(),
  /** `systemctl is-active multi-user.target`. */
  multiUser: z.string(),
  failedUnits: z.string(),
  hostname: z.string(),
  mountinfo: z.string(),
  meminfo: z.string(),
  /** A line for each tmpfs: blocks, free blocks, bytes in a block, mount point. */
  memoryFilesystems: z.string(),
  /** Names in /.statelite/persistent. */
  statesSeen: z.string(),
  stateliteLog: z.string(),
  /** By path, read before anything was written; an error message where there was none. */
  contents: z.record(z.string(), z.string()),
  /** By path: empty where it could be written, else why not. */
  writes: z.record(z.string(), z.string()),
  /** By path: where the link leads in the end. */
  links: z.record(z.string(), z.string()),
  report: AgentReport.nullable(),
});
export type GuestFindings = z.infer<typeof GuestFindings>;

export function isAgentReport(document: unknown): document is AgentReport {
  return AgentReport.safeParse(document).success;
}

export function isGuestFindings(document: unknown): document is GuestFindings {
  return GuestFindings.safeParse(document).success;
}

/** One boot, from both sides. */
export interface BootRecord {
  /** When the kernel started /init, in milliseconds since its own start. */
  readonly initStarted: number;
  readonly agent: AgentReport;
  readonly guest: GuestFindings;
}
