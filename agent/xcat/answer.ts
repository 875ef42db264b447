import { XmlError, XmlReader } from "./xml.ts";

/** One line of output of the command that was asked for. */
export interface Reply {
  readonly kind: "info" | "data" | "error";
  readonly text: string;
}

/** A whole answer: only one that ended with `serverdone` ever becomes this. */
export interface Answer {
  readonly replies: readonly Reply[];
  /** The server's short host name (`xcatdsource`), where it said so. */
  readonly source?: string;
  /** Its size on the wire. */
  readonly bytes: number;
}

export interface AnswerLimits {
  readonly bytes: number;
  readonly replies: number;
  /** Characters of one reply. */
  readonly line: number;
}

/** Far above what a table of a real site needs (100,000 rows of 160 bytes), far below a node's memory. */
export const ANSWER_LIMITS: AnswerLimits = { bytes: 16 * 1024 * 1024, replies: 100_000, line: 16 * 1024 };

/** The answer is no answer of xcatd's (`protocol`), or more than any of xcatd's would be (`too-large`). */
export class AnswerError extends Error {
  override readonly name = "AnswerError";
  readonly kind: "protocol" | "too-large";

  constructor(kind: "protocol" | "too-large", message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

/**
 * Puts an answer together from pieces of any size, until `serverdone`. Bytes are UTF-8; a real xcatd sends only
 * ASCII, with `?` for everything else.
 */
export class AnswerReader {
  readonly #limits: AnswerLimits;
  /** Not fatal, or bytes behind the end of an answer would make it none where they come in one piece with it. */
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  readonly #xml: XmlReader;
  readonly #replies: Reply[] = [];
  #bytes = 0;
  #source = "";
  /** The text of the element just being read, and of the response it is in. */
  #text = "";
  #response = emptyResponse();
  #done = false;

  constructor(limits: AnswerLimits = ANSWER_LIMITS) {
    this.#limits = limits;
    this.#xml = new XmlReader({
      open: (name, depth) => this.#open(name, depth),
      text: (piece) => this.#collect(piece),
      close: (name, depth) => this.#close(name, depth),
    });
  }

  /** Bytes so far: 0 means that the server said nothing at all. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The answer, once its end has been seen. What the server sends after it is not looked at. */
  push(chunk: Uint8Array): Answer | undefined {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#limits.bytes) {
      throw new AnswerError("too-large", `the answer is larger than ${this.#limits.bytes} bytes`);
    }
    try {
      this.#xml.feed(this.#decoder.decode(chunk, { stream: true }));
    } catch (cause) {
      // The answer was whole before this; the connection is closed next.
      if (!this.#done) throw cause instanceof XmlError ? noXml(cause) : cause;
    }
    if (!this.#done) return undefined;
    const source = this.#source === "" ? {} : { source: this.#source };
    return { replies: this.#replies, ...source, bytes: this.#bytes };
  }

  #open(name: string, depth: number): void {
    if (depth === 1 && name !== "xcatresponse" && !this.#done) {
      throw new AnswerError("protocol", `<${name}> stands where <xcatresponse> should be`);
    }
    if (depth === 1) this.#response = emptyResponse();
    this.#text = "";
  }

  #collect(piece: string): void {
    // What bytes that are no UTF-8 become; sent as such, it has stood for lost ones before.
    if (piece.includes("\ufffd")) throw new AnswerError("protocol", NO_TEXT);
    this.#text += piece;
    if (this.#text.length > this.#limits.line) {
      throw new AnswerError(
        "too-large",
        `a line of the answer is longer than ${this.#limits.line} characters`,
      );
    }
  }

  #close(name: string, depth: number): void {
    if (this.#done) return;
    if (depth === 1) this.#finish();
    if (depth === 2) this.#element(name, this.#text);
    this.#text = "";
  }

  #element(name: string, text: string): void {
    switch (name) {
      case "info":
      case "data":
      case "error":
        this.#reply({ kind: name, text });
        this.#response.failed ||= name === "error";
        break;
      case "errorcode":
        this.#response.errorcode = text.trim();
        break;
      case "xcatdsource":
        this.#source = text.trim();
        break;
      case "serverdone":
        this.#response.last = true;
        break;
    }
  }

  #finish(): void {
    const { errorcode, failed, last } = this.#response;
    // A code without words would otherwise pass for an answer with one row less.
    if (errorcode !== "" && errorcode !== "0" && !failed) {
      this.#reply({ kind: "error", text: `error code ${errorcode}` });
    }
    this.#done ||= last;
  }

  #reply(reply: Reply): void {
    if (this.#replies.length === this.#limits.replies) {
      throw new AnswerError("too-large", `the answer has more than ${this.#limits.replies} lines`);
    }
    this.#replies.push(reply);
  }
}

const NO_TEXT = "the bytes are not UTF-8";

function noXml(cause: XmlError): AnswerError {
  const found = cause.message.includes("\ufffd") ? NO_TEXT : cause.message;
  return new AnswerError("protocol", found, { cause });
}

function emptyResponse() {
  return { errorcode: "", failed: false, last: false };
}
