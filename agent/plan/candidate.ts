import type { Location } from "./layout.ts";
import type { Observed } from "./observation.ts";

/** A place that was looked at for an entry's content, in the order of the search. */
export interface Candidate {
  readonly location: Location;
  /** `source 1 (10.0.0.1:/syncdirs/common)`, `default`, `state`, `local disk`. */
  readonly name: string;
  /** Absent where the place was looked at and could serve; else why it was passed over. */
  readonly passedOver?: string;
  readonly observed?: Observed;
  /** Whether it has the path at all is not known: it could not be looked at. */
  readonly unknown?: true;
  /** Its source could not be mounted. */
  readonly unmounted?: true;
}

/** A litetree source as the plan sees it. */
export interface Source {
  /** Path inside the root where it is mounted, or would be. */
  readonly tree: string;
  /** `10.0.0.1:/syncdirs/common`. */
  readonly name: string;
  /** Why it could not be mounted; absent where it is there. */
  readonly unavailable?: string;
}
