/**
 * The tables of one node, as the server sends them: the contract between agent and server.
 * Rows are kept as received; what they mean is decided in plan/.
 */

/** One line of the litefile answer. */
export interface LitefileRow {
  /** The options column as sent, e.g. `link,ro`. */
  readonly options: string;
  /** The path as sent; one that ends in `/` is a directory. May hold spaces, tabs and colons. */
  readonly path: string;
}

/** One line of the litetree answer; rows come in priority order, the first is searched first. */
export interface LitetreeRow {
  /** Empty where the row names a directory of the image itself (`node: /dir`). */
  readonly server: string;
  readonly directory: string;
  /** Mount options as sent, e.g. `soft,timeo=30`; empty where none. */
  readonly mountOptions: string;
}

/** Everything a node asks for, in the order received. */
export interface Tables {
  /** The node's name as the server used it in its lines. */
  readonly node: string;
  readonly litefile: readonly LitefileRow[];
  readonly litetree: readonly LitetreeRow[];
}
