import { connect } from "node:net";
import { printable } from "../errors.ts";

/** The answers are one word each; whoever sends more is no install monitor. */
const LONGEST_ANSWER = 1024;

/** Why a status was not taken; for the log. */
export class MonitorFailure extends Error {
  override readonly name = "MonitorFailure";
}

/**
 * One exchange with xCAT's install monitor, plain TCP: `ready`, `installstatus STATUS`, `done`. The server knows a
 * node by the reverse name of its address, and lets whoever is no node go without a word.
 *
 * @param within milliseconds for all of it
 * @throws MonitorFailure, also where the time is over
 */
export function sendStatus(address: string, port: number, status: string, within: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let answered = "";
    let asked = false;
    const socket = connect({ host: address, port });
    const end = (failure?: string): void => {
      clearTimeout(timer);
      socket.destroy();
      if (failure === undefined) resolve();
      else reject(new MonitorFailure(failure));
    };
    const timer = setTimeout(() => {
      end(`no ${asked ? "done" : "ready"} within ${(within / 1000).toFixed(1)} s`);
    }, within);
    socket.on("data", (bytes) => {
      answered += bytes.toString("latin1");
      if (answered.length > LONGEST_ANSWER)
        return end(`${answered.length} bytes, of which none make an answer`);
      const newline = answered.indexOf("\n");
      if (newline < 0) return;
      const word = answered.slice(0, newline).trim();
      answered = answered.slice(newline + 1);
      const wanted = asked ? "done" : "ready";
      if (word !== wanted) return end(`"${printable(word.slice(0, 80))}" in place of ${wanted}`);
      if (asked) return end();
      asked = true;
      socket.write(`installstatus ${status}\n`);
    });
    socket.on("error", (error) => end(error.message));
    socket.on("close", () =>
      end(asked ? "closed before its answer" : "closed without a word: it does not know this node"),
    );
  });
}
