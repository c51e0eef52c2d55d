/**
 * The worker's room for jobs: any number share it, or one has it alone (a job that ran out of memory gets twice the limit,
 * with no other beside it). An exclusive job that waits keeps new ones out, so that it is not starved.
 */
export class Room {
  #sharing = 0;
  #exclusive = false;
  #waiting = 0;
  #wake: (() => void)[] = [];

  /** Resolves with the function that leaves again. */
  async enter(exclusive: boolean): Promise<() => void> {
    if (exclusive) this.#waiting++;
    while (exclusive ? this.#exclusive || this.#sharing > 0 : this.#exclusive || this.#waiting > 0) {
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
    if (exclusive) {
      this.#waiting--;
      this.#exclusive = true;
    } else {
      this.#sharing++;
    }
    let inside = true;
    return () => {
      if (!inside) return;
      inside = false;
      if (exclusive) this.#exclusive = false;
      else this.#sharing--;
      const wake = this.#wake;
      this.#wake = [];
      for (const resolve of wake) resolve();
    };
  }
}
