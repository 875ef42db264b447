import { readFileSync } from "node:fs";
import type { Socket } from "node:net";

/** More clients than this at once are not nodes of one cluster booting, but something gone wrong. */
const maxConnections = 16_384;
/** Nodes behind one address of a router are fewer; somebody who only keeps connections open is not. */
const maxOfAddress = 1024;
/** Files, sockets and pipes of the program itself. */
const reservedFiles = 256;

/** How many connections there may be at all ports together; beyond it the kernel would refuse, and not say why. */
class Descriptors {
  taken = 0;
  readonly room = Math.max(1, openFiles() - reservedFiles);
}

const ofProcess = new Descriptors();

/** The connections that are open on a port, and a bound on them: for all, and for each address. */
export class Crowd {
  readonly #room: number;
  readonly #open = new Set<Socket>();
  readonly #ofAddress = new Map<string, number>();

  readonly #descriptors: Descriptors;

  /** @param room how many connections there may be @param descriptors of all ports */
  constructor(room = maxConnections, descriptors = ofProcess) {
    this.#room = room;
    this.#descriptors = descriptors;
  }

  /** Counts a connection until it is closed; undefined, or why there is no room for it. */
  admit(socket: Socket): string | undefined {
    const address = socket.remoteAddress ?? "";
    const count = this.#ofAddress.get(address) ?? 0;
    if (this.#open.size >= this.#room) return `there are ${this.#room} connections`;
    const { taken, room } = this.#descriptors;
    if (taken >= room) return `there are ${room} connections at all ports, and no more files may be open`;
    if (count >= maxOfAddress) return `there are ${maxOfAddress} connections of this address`;
    this.#open.add(socket);
    this.#descriptors.taken += 1;
    this.#ofAddress.set(address, count + 1);
    socket.once("close", () => this.#leave(socket, address));
    return undefined;
  }

  /** Ends all of them. */
  disperse(): void {
    for (const socket of this.#open) socket.destroy();
  }

  #leave(socket: Socket, address: string): void {
    this.#open.delete(socket);
    this.#descriptors.taken -= 1;
    const left = (this.#ofAddress.get(address) ?? 1) - 1;
    if (left === 0) this.#ofAddress.delete(address);
    else this.#ofAddress.set(address, left);
  }
}

/** The soft limit of this process: beyond it accept(2) fails, again and again. */
function openFiles(): number {
  const limit = /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1];
  return limit === undefined ? Number.POSITIVE_INFINITY : Number(limit);
}
