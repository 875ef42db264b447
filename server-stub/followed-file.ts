import { stat } from "node:fs/promises";
import type { ServerLog } from "./log.ts";
import { readFinished } from "./tables/still.ts";

/** How often the file is looked at again, at most. */
const recheckMilliseconds = 1000;

/** What a file says, read again when it changes; what cannot be read or understood leaves the last content in use. */
export class FollowedFile<T> {
  readonly #path: string;
  readonly #what: string;
  readonly #read: (text: string) => T;
  readonly #log: ServerLog;
  #content: T;
  #signature: string;
  #checked = performance.now();
  #checking: Promise<void> | undefined;

  /**
   * @param what for the log: `hosts`
   * @param read makes the content of the text, bytes as characters
   * @throws where the file cannot be read now, and what `read` throws
   */
  static async open<T>(path: string, what: string, read: (text: string) => T, log: ServerLog) {
    const signature = await signatureOf(path);
    return new FollowedFile(path, what, read, log, signature, read(await readFinished(path)));
  }

  private constructor(
    path: string,
    what: string,
    read: (text: string) => T,
    log: ServerLog,
    signature: string,
    content: T,
  ) {
    this.#path = path;
    this.#what = what;
    this.#read = read;
    this.#log = log;
    this.#signature = signature;
    this.#content = content;
  }

  async current(): Promise<T> {
    if (performance.now() - this.#checked > recheckMilliseconds) {
      this.#checking ??= this.#reload()
        .catch((error: unknown) => {
          const found = error instanceof Error ? error.message : String(error);
          this.#log.line(`${this.#what}: ${this.#path}: ${found}; the last content stays in use`);
        })
        .finally(() => {
          this.#checking = undefined;
        });
      await this.#checking;
    }
    return this.#content;
  }

  async #reload(): Promise<void> {
    this.#checked = performance.now();
    const signature = await signatureOf(this.#path);
    if (signature === this.#signature) return;
    // Before it is read: a file that cannot be understood is complained of once.
    this.#signature = signature;
    this.#content = this.#read(await readFinished(this.#path));
  }
}

async function signatureOf(path: string): Promise<string> {
  const { ino, size, mtimeMs, ctimeMs } = await stat(path);
  return `${ino} ${size} ${mtimeMs} ${ctimeMs}`;
}
