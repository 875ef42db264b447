import type { Socket } from "node:net";
import { BadRequest, HEAD_LIMITS, type RequestHead, readHead } from "./head.ts";

/** Takes a request off a socket: its head, and its body once somebody wants it. Until then not much of it is read. */
export class RequestReader {
  readonly #socket: Socket;
  #bytes = Buffer.allocUnsafe(4096);
  #length = 0;
  /** More than this is left with the kernel, and so with the client. */
  #wanted = HEAD_LIMITS.bytes + 1;
  #ended = false;
  #changed: () => void = () => {};

  readonly #onData = (piece: Buffer): void => {
    if (this.#length + piece.length > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(2 * (this.#length + piece.length));
      this.#bytes.copy(larger, 0, 0, this.#length);
      this.#bytes = larger;
    }
    piece.copy(this.#bytes, this.#length);
    this.#length += piece.length;
    if (this.#length >= this.#wanted) this.#socket.pause();
    this.#changed();
  };
  readonly #onEnd = (): void => {
    this.#ended = true;
    this.#changed();
  };

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", this.#onData).on("end", this.#onEnd).on("close", this.#onEnd);
  }

  /** Nothing where the client left first. @throws BadRequest */
  async head(seconds: number): Promise<RequestHead | undefined> {
    let from = 0;
    const end = (): number => {
      const at = this.#bytes.subarray(0, this.#length).indexOf("\r\n\r\n", from);
      from = Math.max(0, this.#length - 3);
      return at;
    };
    let at = -1;
    const state = await this.#until(() => {
      at = end();
      return at >= 0 || this.#length >= this.#wanted;
    }, seconds);
    if (at > HEAD_LIMITS.bytes || (at < 0 && state === "enough"))
      throw new BadRequest(431, `the head is larger than ${HEAD_LIMITS.bytes} bytes`);
    if (at < 0 && state === "ended") return undefined;
    if (at < 0) throw new BadRequest(408, `no whole request in ${seconds} s`);
    const text = this.#bytes.toString("latin1", 0, at);
    this.#bytes.copy(this.#bytes, 0, at + 4, this.#length);
    this.#length -= at + 4;
    return readHead(text);
  }

  /** @throws BadRequest where it does not come whole */
  async body({ contentLength, expectsContinue }: RequestHead, seconds: number): Promise<Uint8Array> {
    if (expectsContinue && this.#length === 0) this.#socket.write("HTTP/1.1 100 Continue\r\n\r\n");
    this.#wanted = contentLength;
    if (this.#length < contentLength) this.#socket.resume();
    const state = await this.#until(() => this.#length >= contentLength, seconds);
    if (state === "late") throw new BadRequest(408, `no whole body in ${seconds} s`);
    if (state === "ended") throw new BadRequest(400, "the body is shorter than Content-Length says");
    return this.#bytes.subarray(0, contentLength);
  }

  /** Whatever else comes is somebody else's to read. */
  close(): void {
    this.#socket.off("data", this.#onData).off("end", this.#onEnd).off("close", this.#onEnd);
  }

  /** Waits until it is enough, the client has ended its half, or the time is up. */
  #until(enough: () => boolean, seconds: number): Promise<"enough" | "ended" | "late"> {
    return new Promise((resolve) => {
      const done = (state: "enough" | "ended" | "late"): void => {
        clearTimeout(timer);
        this.#changed = () => {};
        resolve(state);
      };
      const timer = setTimeout(() => done("late"), seconds * 1000);
      this.#changed = () => {
        if (enough()) done("enough");
        else if (this.#ended) done("ended");
      };
      this.#changed();
    });
  }
}
