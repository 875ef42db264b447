import { writeSync } from "node:fs";
import { workerData } from "node:worker_threads";
import type { Watched } from "./watchdog.ts";

/** The watching half of watchdog.ts. Sleeps in between: the thread that it watches may be at work for good. */

const { state, input, milliseconds } = workerData as Watched;
const nap = new Int32Array(new SharedArrayBuffer(4));

for (let last = 0; ; ) {
  Atomics.wait(nap, 0, 0, milliseconds);
  const now = Atomics.load(state, 0);
  if (now === last && now % 2 === 1) {
    const text = Buffer.from(input.subarray(0, Atomics.load(state, 1))).toString();
    writeSync(2, `It hangs, for over ${milliseconds} ms: ${text}\n`);
    process.kill(process.pid, "SIGKILL");
  }
  last = now;
}
