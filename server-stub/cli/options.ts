/** What a word of the command line may be, for completion. */
export type Completion =
  | { readonly kind: "file" | "folder" | "tables" | "noderange" | "image" }
  | { readonly kind: "words"; readonly words: readonly string[] }
  /** Words, and after each of these prefixes an image. */
  | { readonly kind: "state"; readonly words: readonly string[]; readonly imageAfter: readonly string[] };

/** An option as data: parser, help and completion are made of it. */
export interface Option {
  /** For people; may have several lines. */
  readonly help: string;
  /** What stands for its value in the help; absent for one without. */
  readonly takes?: string;
  /** One letter. */
  readonly short?: string;
  readonly completes?: Completion;
}

/** By name, without the dashes; in the order of the help. */
export type Options = Readonly<Record<string, Option>>;

/** A word that is no option, by its place. */
export interface Operand {
  /** `NODERANGE`. */
  readonly name: string;
  readonly optional?: boolean;
  /** The last one may stand there several times. */
  readonly repeated?: boolean;
  readonly completes?: Completion;
}

/** What was given for options. */
export type Values<O extends Options> = {
  readonly [Name in keyof O]?: (O[Name] extends { readonly takes: string } ? string : boolean) | undefined;
};
