import type { Socket } from "node:net";

/** A client that takes nothing of its answer for so long is gone. */
const takeSeconds = 30;
/** How long a client may keep its half open once it has been sent everything. */
const lingerMilliseconds = 5000;
/** Bytes that are given to a socket at once: what a slow client has not taken stays in the answer, which many share. */
const pieceBytes = 64 * 1024;

/**
 * Sends an answer and closes our half. Whatever else the client says meanwhile is read and dropped, so that its end is
 * seen. A timer of our own tells that nothing is taken: that of the socket does not run while something is waiting.
 *
 * @param seconds without a piece taken, until the connection is ended
 * @returns whether the whole answer is with the kernel
 */
export async function send(
  socket: Socket,
  parts: readonly Uint8Array[],
  seconds = takeSeconds,
): Promise<boolean> {
  if (socket.destroyed) return false;
  socket.resume();
  const closed = new Promise<false>((resolve) => socket.once("close", () => resolve(false)));
  const inTime = async (begin: (done: () => void) => void): Promise<boolean> => {
    const timer = setTimeout(() => socket.destroy(), seconds * 1000);
    try {
      return await Promise.race([new Promise<true>((resolve) => begin(() => resolve(true))), closed]);
    } finally {
      clearTimeout(timer);
    }
  };
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  // A small one goes out in one packet.
  for (const part of length <= pieceBytes ? [Buffer.concat(parts)] : parts) {
    for (let at = 0; at < part.length; at += pieceBytes) {
      if (socket.destroyed) return false;
      if (socket.write(part.subarray(at, at + pieceBytes))) continue;
      if (!(await inTime((done) => socket.once("drain", done)))) return false;
    }
  }
  const sent = await inTime((done) => socket.end(done));
  linger(socket);
  return sent;
}

/** Ends a connection whose own half is closed when the client does not. */
export function linger(socket: Socket): void {
  const timer = setTimeout(() => socket.destroy(), lingerMilliseconds);
  socket.once("close", () => clearTimeout(timer));
}
