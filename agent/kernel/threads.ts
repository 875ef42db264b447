import { type CallName, type KernelCalls, promised, SLOW } from "./calls.ts";
import { SystemError } from "./errno.ts";
import type { CallReply, CallRequest } from "./worker.ts";

interface Job {
  readonly request: CallRequest;
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** Calls that a thread makes for one message: between threads a message costs more than most calls. */
const BATCH = 16;

/**
 * Threads that make system calls, so that one that waits for a dead server holds up neither the main thread
 * nor the others. Threads are started when the ones there are busy, up to `limit`; further calls queue.
 * A thread stuck in the kernel cannot be ended, only left behind: execve(2) ends it, as NFS waits are killable.
 */
export class KernelThreads {
  readonly calls: KernelCalls = promised((name, args) => this.#call(name, args));
  readonly #limit: number;
  readonly #idle: Worker[] = [];
  readonly #all = new Set<Worker>();
  readonly #queue: Job[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Ends the threads that are idle; used where the process lives on. */
  close(): void {
    for (const worker of this.#all) worker.terminate();
    this.#all.clear();
    this.#idle.length = 0;
  }

  #call(name: CallName, args: readonly unknown[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ request: { name, args }, resolve, reject });
      // Whoever asks for many things asks for them in one go.
      if (this.#queue.length === 1) queueMicrotask(() => this.#next());
    });
  }

  #next(): void {
    while (this.#queue.length > 0) {
      const worker = this.#idle.pop() ?? (this.#all.size < this.#limit ? this.#start() : undefined);
      if (worker === undefined) return;
      this.#give(worker, takeBatch(this.#queue, this.#limit));
    }
  }

  #give(worker: Worker, jobs: readonly Job[]): void {
    worker.onmessage = (event: MessageEvent<readonly CallReply[]>) => {
      this.#idle.push(worker);
      for (const [index, reply] of event.data.entries()) {
        const job = jobs[index];
        if (job !== undefined) settle(job, reply);
      }
      this.#next();
    };
    worker.onerror = (event) => {
      this.#all.delete(worker);
      const names = jobs.map(({ request }) => request.name).join(", ");
      for (const job of jobs)
        job.reject(new Error(`a system call thread died in ${names}: ${event.message}`));
      this.#next();
    };
    worker.postMessage(jobs.map(({ request }) => request));
  }

  #start(): Worker {
    const worker = new Worker(new URL("./worker.ts", import.meta.url).href);
    this.#all.add(worker);
    return worker;
  }
}

/** The next job, with as many of those behind it as are quick, too, and leave the other threads their share. */
function takeBatch(queue: Job[], threads: number): Job[] {
  const share = Math.min(BATCH, Math.ceil(queue.length / threads));
  const slow = queue.findIndex(({ request }) => SLOW.has(request.name));
  return queue.splice(0, slow < 0 ? share : Math.max(1, Math.min(share, slow)));
}

function settle(job: Job, reply: CallReply): void {
  if (reply.ok) job.resolve(reply.value);
  else if ("errno" in reply) job.reject(new SystemError(reply.call, reply.errno));
  else job.reject(new Error(reply.message));
}
