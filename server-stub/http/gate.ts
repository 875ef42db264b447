/**
 * A bound on what is done at the same time; who finds no room is told when to come again, and does not wait.
 */
export class Gate {
  readonly #room: number;
  #taken = 0;
  #inside = 0;

  constructor(room: number) {
    this.#room = room;
  }

  /** Tasks that are at work. */
  get inside(): number {
    return this.#inside;
  }

  /**
   * The task's result; nothing, and no task, where there is no room.
   *
   * @param size how much of the room it takes; one that is larger than all of it finds it when nobody else is inside
   */
  async run<T>(task: () => Promise<T>, size = 1): Promise<T | undefined> {
    if (this.#inside > 0 && this.#taken + size > this.#room) return undefined;
    this.#taken += size;
    this.#inside++;
    try {
      return await task();
    } finally {
      this.#taken -= size;
      this.#inside--;
    }
  }
}
