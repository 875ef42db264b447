import { toArrayBuffer } from "bun:ffi";
import { SYS } from "./constants.ts";
import { errnoNumber, SystemError } from "./errno.ts";
import { check, libc, ptr } from "./libc.ts";
import { close } from "./tree.ts";

/**
 * Many system calls under way at the same time from one thread, by io_uring(7): the kernel's own threads wait for
 * servers. Layouts are those of include/uapi/linux/io_uring.h.
 */

export const OP = { OPENAT: 18, CLOSE: 19, STATX: 21, READ: 22 } as const;

/** One call; what its fields mean depends on `op`, see io_uring_enter(2). */
export interface Submission {
  readonly op: (typeof OP)[keyof typeof OP];
  readonly fd: number;
  /** Memory that stays where it is until the call is done. */
  readonly address?: Uint8Array;
  readonly length?: number;
  /** An offset in a file, or for STATX where the answer goes. */
  readonly offset?: bigint | Uint8Array;
  readonly flags?: number;
}

/** The mark of a call whose result nobody wants. */
const UNWANTED = 0xffff_ffff_ffff_ffffn;
const SQE_BYTES = 64;
const CQE_BYTES = 16;
const PARAMS_BYTES = 120;
const [OFF_SQES, ENTER_GETEVENTS, FEAT_SINGLE_MMAP] = [0x10000000, 1, 1];
/** By the kernel's threads from the start: an open of a name that is cached would else wait for the server in place. */
const IOSQE_ASYNC = 1 << 4;
const [PROT_READ_WRITE, MAP_SHARED_POPULATE] = [3, 0x8001];
/** IORING_REGISTER_IOWQ_MAX_WORKERS: how many may wait for files. */
const REGISTER_MAX_WORKERS = 19;

export class Ring {
  /** Calls that can be under way. */
  readonly entries: number;
  readonly #fd: number;
  readonly #rings: DataView;
  readonly #words: Uint32Array;
  readonly #sqes: DataView;
  readonly #sq: { readonly tail: number; readonly mask: number; readonly array: number };
  readonly #cq: {
    readonly head: number;
    readonly tail: number;
    readonly mask: number;
    readonly cqes: number;
  };

  /** @throws SystemError: ENOSYS before Linux 5.1, EPERM where it is switched off */
  constructor(entries: number) {
    const params = new DataView(new ArrayBuffer(PARAMS_BYTES));
    const fd = libc.syscall(SYS.io_uring_setup, entries, ptr(params), 0, 0, 0, 0);
    this.#fd = check(fd, () => `io_uring_setup(${entries})`);
    const at = (offset: number) => params.getUint32(offset, true);
    this.entries = at(0);
    if ((at(20) & FEAT_SINGLE_MMAP) === 0) {
      close(this.#fd);
      throw new SystemError("io_uring_setup: one mapping for both rings", errnoNumber("ENOSYS"));
    }
    this.#sq = { tail: at(44), mask: at(48), array: at(64) };
    this.#cq = { head: at(80), tail: at(84), mask: at(88), cqes: at(100) };
    const ringBytes = Math.max(this.#sq.array + this.entries * 4, this.#cq.cqes + at(4) * CQE_BYTES);
    this.#rings = this.#map(ringBytes, 0);
    this.#words = new Uint32Array(this.#rings.buffer, 0, ringBytes >> 2);
    this.#sqes = this.#map(this.entries * SQE_BYTES, OFF_SQES);
    const workers = new Uint32Array([this.entries, 0]);
    // Refused before Linux 5.15: then there are a few for each processor, which is slower and no less right.
    libc.syscall(SYS.io_uring_register, this.#fd, REGISTER_MAX_WORKERS, ptr(workers), 2, 0, 0);
  }

  #map(bytes: number, offset: number): DataView {
    const address = libc.mmap(null, bytes, PROT_READ_WRITE, MAP_SHARED_POPULATE, this.#fd, offset);
    if (address === null || Number(address) === -1)
      throw new SystemError("mmap(io_uring)", errnoNumber("ENOMEM"));
    return new DataView(toArrayBuffer(address, 0, bytes));
  }

  /**
   * Makes all of the calls side by side, as many as there are {@link entries} at most, and waits for all of them.
   * @returns what each gave, in their order: as the system call does, or a negative errno
   */
  run(submissions: readonly Submission[]): Int32Array {
    this.#queue(submissions, (index) => BigInt(index));
    return this.#collect(submissions.length);
  }

  /** Begins the calls, as many as there are {@link entries} at most; nobody waits for them, or learns what they gave. */
  post(submissions: readonly Submission[]): void {
    if (submissions.length === 0) return;
    this.#queue(submissions, () => UNWANTED);
    const entered = libc.syscall(SYS.io_uring_enter, this.#fd, submissions.length, 0, 0, 0, 0);
    check(entered, () => "io_uring_enter");
  }

  #queue(submissions: readonly Submission[], mark: (index: number) => bigint): void {
    const tail = this.#rings.getUint32(this.#sq.tail, true);
    const mask = this.#rings.getUint32(this.#sq.mask, true);
    for (const [index, submission] of submissions.entries()) {
      const slot = (tail + index) & mask;
      this.#write(slot * SQE_BYTES, submission, mark(index));
      this.#rings.setUint32(this.#sq.array + slot * 4, slot, true);
    }
    this.#rings.setUint32(this.#sq.tail, tail + submissions.length, true);
  }

  #write(
    at: number,
    { op, fd, address, length = 0, offset = 0n, flags = 0 }: Submission,
    mark: bigint,
  ): void {
    const sqe = this.#sqes;
    for (let word = 0; word < SQE_BYTES; word += 8) sqe.setBigUint64(at + word, 0n, true);
    sqe.setUint8(at, op);
    sqe.setUint8(at + 1, IOSQE_ASYNC);
    sqe.setInt32(at + 4, fd, true);
    sqe.setBigUint64(at + 8, typeof offset === "bigint" ? offset : BigInt(ptr(offset)), true);
    sqe.setBigUint64(at + 16, address === undefined ? 0n : BigInt(ptr(address)), true);
    sqe.setUint32(at + 24, length, true);
    sqe.setUint32(at + 28, flags, true);
    sqe.setBigUint64(at + 32, mark, true);
  }

  #collect(count: number): Int32Array {
    const results = new Int32Array(count);
    let [submit, done] = [count, 0];
    while (done < count) {
      const entered = libc.syscall(SYS.io_uring_enter, this.#fd, submit, count - done, ENTER_GETEVENTS, 0, 0);
      try {
        submit -= check(entered, () => "io_uring_enter");
      } catch (error) {
        if (!(error instanceof SystemError) || error.code !== "EINTR") throw error;
      }
      done += this.#reap(results);
    }
    return results;
  }

  /** Takes what is done off the completion queue. @returns how many of them are waited for */
  #reap(results: Int32Array): number {
    let wanted = 0;
    const mask = this.#rings.getUint32(this.#cq.mask, true);
    const head = this.#rings.getUint32(this.#cq.head, true);
    // Read in this order on every processor: what the kernel wrote before it moved the tail is there.
    const tail = Atomics.load(this.#words, this.#cq.tail / 4);
    const ready = (tail - head) >>> 0;
    for (let index = 0; index < ready; index++) {
      const cqe = this.#cq.cqes + ((head + index) & mask) * CQE_BYTES;
      const mark = this.#rings.getBigUint64(cqe, true);
      if (mark === UNWANTED) continue;
      results[Number(mark)] = this.#rings.getInt32(cqe + 8, true);
      wanted++;
    }
    this.#rings.setUint32(this.#cq.head, tail, true);
    return wanted;
  }

  close(): void {
    close(this.#fd);
  }
}
