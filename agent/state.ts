import type { BootOptions, NfsExport } from "./cmdline/options.ts";
import type { ModuleSystem } from "./kernel/modules.ts";
import type { MountSource } from "./mounts/sources.ts";
import type { Network } from "./network/bring-up.ts";
import type { Root } from "./observe/root.ts";
import type { CopyOp, Need } from "./plan/budget.ts";
import type { Source } from "./plan/candidate.ts";
import type { Plan } from "./plan/plan.ts";
import type { ClaimedState } from "./statearea/claim.ts";
import type { Tables } from "./xcat/tables.ts";
import type { Trust } from "./xcat/trust.ts";

/** A boot is data that grows: each phase gives back one of these, made from the one before. */

export interface Start {
  /** The kernel's command line as text. */
  readonly commandLine: string;
}

export interface Parsed {
  readonly options: BootOptions;
}

/** Names and addresses, however they were come by. */
export interface Names {
  lookup(host: string): Promise<readonly string[]>;
  reverse(address: string): Promise<string | undefined>;
}

export interface Connected extends Parsed {
  readonly network: Network;
  /** The running kernel's modules, for what is needed only later. */
  readonly modules: ModuleSystem;
  readonly names: Names;
  readonly node: string | undefined;
}

/** A root that the rest of the boot works on, and where its other parts come from. */
export interface Rooted extends Parsed {
  readonly root: Root;
  readonly names: Names;
  readonly node: string | undefined;
  readonly trust: Trust;
  readonly mountSource: MountSource;
  /** For what a plan turns out to need of the kernel; absent where the running system loads it by itself. @throws BootError */
  readonly loadModules?: (names: readonly string[]) => Promise<unknown>;
  /** The node's state directory inside the root; absent where it has none, or none yet. */
  readonly state?: string;
  /** Mounts a node's state, gives back its directory inside the root. @throws BootError */
  readonly mountState?: (state: NfsExport, node: string) => Promise<string>;
  readonly localDisk?: string;
  /** The hold on that state. */
  readonly claimed?: ClaimedState;
}

export interface Queried extends Rooted {
  readonly tables: Tables;
  readonly sources: readonly Source[];
}

export interface Planned extends Queried {
  readonly plan: Plan;
  /** What each copy takes. */
  readonly needs: ReadonlyMap<CopyOp, Need>;
}

export interface Applied extends Planned {
  /** Rows that could not be placed; their expectations mean nothing. */
  readonly failedRows: ReadonlySet<unknown>;
}
