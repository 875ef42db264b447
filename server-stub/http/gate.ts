/** A bound on what is done at the same time; who finds no room is told when to come again, and does not wait. */
export class Gate {
  readonly #room: number;
  #inside = 0;

  constructor(room: number) {
    this.#room = room;
  }

  get inside(): number {
    return this.#inside;
  }

  /** The task's result; nothing, and no task, where there is no room. */
  async run<T>(task: () => Promise<T>): Promise<T | undefined> {
    if (this.#inside >= this.#room) return undefined;
    this.#inside++;
    try {
      return await task();
    } finally {
      this.#inside--;
    }
  }
}
