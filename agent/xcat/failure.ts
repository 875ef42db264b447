import type { Problem } from "../errors.ts";

/**
 * Why a server gave no tables, and how often it is asked again.
 *
 * What may pass by itself is asked again until the deadline: a server that starts, a network that comes up. A
 * server that answers and says no is asked three times: the administrator may be at it, and a
 * server under load takes a node for a stranger when its own reverse lookup times out. What no waiting mends is
 * reported at once.
 */
export const FAILURES = {
  resolve: Number.POSITIVE_INFINITY,
  unreachable: Number.POSITIVE_INFINITY,
  handshake: Number.POSITIVE_INFINITY,
  closed: Number.POSITIVE_INFINITY,
  silent: Number.POSITIVE_INFINITY,
  "cut-short": Number.POSITIVE_INFINITY,
  busy: Number.POSITIVE_INFINITY,
  "unknown-node": 3,
  "no-image": 3,
  refused: 3,
  "error-reply": 3,
  "no-rows": 3,
  certificate: 1,
  protocol: 1,
  "too-large": 1,
  "other-node": 1,
} as const;

export type FailureKind = keyof typeof FAILURES;

/** One attempt's failure: the parts of a problem that are known where it is found. */
export class QueryFailure extends Error {
  override readonly name = "QueryFailure";
  readonly kind: FailureKind;
  readonly found: string;
  readonly remedy: string;
  /** Milliseconds for which the server wants to be left alone, where it says so. */
  readonly wait: number;

  constructor(
    kind: FailureKind,
    found: string,
    remedy: string,
    { wait = 0, ...options }: ErrorOptions & { readonly wait?: number } = {},
  ) {
    super(found, options);
    this.wait = wait;
    this.kind = kind;
    this.found = found;
    this.remedy = remedy;
  }

  /** `on` is the server. */
  problem(doing: string, on: string): Problem {
    const { kind, found, remedy } = this;
    return { class: "fatal", code: `query-${kind}`, doing, on, found, remedy };
  }
}
