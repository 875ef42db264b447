import { closeSync, openSync, readdirSync, readFileSync, writeSync } from "node:fs";
import type { Settings } from "../cmdline/options.ts";
import { errorReason } from "../kernel/errno.ts";
import { setWatchdogTimeout } from "../kernel/watchdog.ts";
import type { Log } from "../log.ts";

/** The machine's own watchdog (Documentation/watchdog/watchdog-api.rst): it restarts a machine that no longer feeds it. */

/** Seconds without food; the real init has as long when it is to go on feeding. */
const TIMEOUT = 60;
const FEED_MS = 10_000;

/** Where there may be watchdogs; another place for tests. */
export interface WatchdogPlaces {
  readonly sys: string;
  readonly dev: string;
}

const PLACES: WatchdogPlaces = { sys: "/sys/class/watchdog", dev: "/dev" };

/**
 * Feeds the machine's watchdog for as long as there is progress: the event loop turns, and whoever is at work has said
 * with {@link expect} how long that may take. So it restarts a machine whose agent hangs or has died, and one whose
 * failure policy comes to no end.
 */
export class Watchdog {
  readonly #log: Log;
  readonly #places: WatchdogPlaces;
  #fd: number | undefined;
  #feeding: ReturnType<typeof setInterval> | undefined;
  /** By performance.now(). */
  #until = 0;

  constructor(log: Log, places = PLACES) {
    this.#log = log;
    this.#places = places;
  }

  /** What is at work now is done in so many seconds, or hangs. Infinity: a person is at a shell. */
  expect(seconds: number): void {
    this.#until = performance.now() + seconds * 1000;
    this.#feed();
  }

  /** Whether there is one to begin with. */
  get present(): boolean {
    return this.#find() !== undefined;
  }

  /**
   * Begins to feed, if the machine has a watchdog. Once that is open only the driver's goodwill stops it again: where it
   * has none (nowayout), it is opened only for an image that feeds it, too.
   */
  begin(mode: Settings["watchdog"]): void {
    const found = mode === "off" ? undefined : this.#find();
    if (found === undefined) return;
    if (found.unstoppable && mode !== "keep") {
      this.#log.say(`watchdog: ${found.identity} cannot be stopped again (nowayout); it is left alone`);
      return;
    }
    try {
      this.#fd = openSync(`${this.#places.dev}/${found.name}`, "w");
    } catch (error) {
      this.#log.say(`watchdog: ${found.identity}: ${errorReason(error)}`);
      return;
    }
    const seconds = this.#setTimeout();
    this.#log.detail(`watchdog: ${found.identity} restarts this machine ${seconds}after the agent hangs`);
    this.#feed();
    this.#feeding = setInterval(() => this.#feed(), FEED_MS);
    this.#feeding.unref();
  }

  /** `keep` leaves it running for the real init (systemd's RuntimeWatchdogSec=), else it is stopped. */
  end(mode: Settings["watchdog"]): void {
    const fd = this.#fd;
    if (fd === undefined) return;
    clearInterval(this.#feeding);
    this.#fd = undefined;
    try {
      // The magic character: whoever closes it with that means it.
      writeSync(fd, mode === "keep" ? "\0" : "V");
    } finally {
      closeSync(fd);
    }
    this.#log.detail(mode === "keep" ? "watchdog: left running for the real init" : "watchdog: stopped");
  }

  #feed(): void {
    if (this.#fd === undefined || performance.now() > this.#until) return;
    try {
      writeSync(this.#fd, "\0");
    } catch (error) {
      this.#log.detail(`watchdog: ${errorReason(error)}`);
    }
  }

  #setTimeout(): string {
    try {
      return this.#fd === undefined ? "" : `${setWatchdogTimeout(this.#fd, TIMEOUT)} s `;
    } catch {
      return ""; // The driver has one of its own.
    }
  }

  #find() {
    const { sys } = this.#places;
    try {
      const [name] = readdirSync(sys).sort();
      if (name === undefined) return undefined;
      const read = (file: string): string => {
        try {
          return readFileSync(`${sys}/${name}/${file}`, "utf8").trim();
        } catch {
          return ""; // An older kernel.
        }
      };
      return { name, identity: `${name} (${read("identity")})`, unstoppable: read("nowayout") === "1" };
    } catch {
      return undefined; // No such folder: no watchdog.
    }
  }
}
