import { type CallName, invoke } from "./calls.ts";
import { SystemError } from "./errno.ts";

/** A thread that makes system calls, one after the other, for the main thread; see threads.ts. */

export interface CallRequest {
  readonly name: CallName;
  readonly args: readonly unknown[];
}

export type CallReply =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly call: string; readonly errno: number }
  | { readonly ok: false; readonly message: string };

declare const self: Worker;

self.onmessage = (event: MessageEvent<readonly CallRequest[]>) => {
  self.postMessage(event.data.map(answer));
};

function answer(request: CallRequest): CallReply {
  try {
    return { ok: true, value: invoke(request.name, request.args) };
  } catch (error) {
    if (error instanceof SystemError) return { ok: false, call: error.call, errno: error.errno };
    return { ok: false, message: error instanceof Error ? error.message : String(error) };
  }
}
