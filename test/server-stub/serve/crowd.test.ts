import { describe, expect, test } from "bun:test";
import { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import { Crowd } from "../../../server-stub/serve/crowd.ts";

/** As much of a socket as is looked at. */
class Caller extends EventEmitter {
  readonly remoteAddress: string;
  constructor(address: string) {
    super();
    this.remoteAddress = address;
  }
  destroy(): void {
    this.emit("close");
  }
  get socket(): Socket {
    return this as unknown as Socket;
  }
}

describe("a port with room for 3", () => {
  const callers = [1, 2, 3, 4].map((n) => new Caller(`10.0.0.${n}`));
  const [first, , , fourth] = callers;

  test("takes 3 of any addresses, and another one when one is gone", () => {
    const crowd = new Crowd(3);
    const answers = callers.map(({ socket }) => crowd.admit(socket));
    expect(answers).toEqual([undefined, undefined, undefined, "there are 3 connections"]);
    first?.destroy();
    expect(fourth && crowd.admit(fourth.socket)).toBeUndefined();
  });

  test("ends all of them at its end", () => {
    const crowd = new Crowd(3);
    const gone: string[] = [];
    for (const caller of callers) {
      caller.once("close", () => gone.push(caller.remoteAddress));
      crowd.admit(caller.socket);
    }
    crowd.disperse();
    expect(gone).toEqual(["10.0.0.1", "10.0.0.2", "10.0.0.3"]);
  });
});

test("ports share what files the process may have open", () => {
  const descriptors = { taken: 0, room: 2 };
  const ports = [new Crowd(10, descriptors), new Crowd(10, descriptors)];
  const callers = [1, 2, 3].map((n) => new Caller(`10.0.0.${n}`));
  const answers = callers.map(({ socket }, number) => ports[number % 2]?.admit(socket));
  expect(answers).toEqual([
    undefined,
    undefined,
    "there are 2 connections at all ports, and no more files may be open",
  ]);
  for (const port of ports) port.disperse();
  expect(descriptors.taken).toBe(0);
});
