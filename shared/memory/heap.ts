/** A binary heap whose items may change their rank: `put` again then. All steps are O(log n). */

export class Heap<Item> {
  readonly #before: (a: Item, b: Item) => boolean;
  readonly #items: Item[] = [];
  readonly #places = new Map<Item, number>();

  /** `before`: whether `a` comes before `b`. */
  constructor(before: (a: Item, b: Item) => boolean) {
    this.#before = before;
  }

  get size(): number {
    return this.#items.length;
  }

  get first(): Item | undefined {
    return this.#items[0];
  }

  has(item: Item): boolean {
    return this.#places.has(item);
  }

  /** Adds the item, or moves it to where it belongs by now. */
  put(item: Item): void {
    this.#sink(item, this.#rise(item, this.#places.get(item) ?? this.#items.length));
  }

  /** Does nothing when it is not there. */
  remove(item: Item): void {
    const place = this.#places.get(item);
    if (place === undefined) return;
    this.#places.delete(item);
    const last = this.#items.pop() as Item;
    if (last !== item) this.#sink(last, this.#rise(last, place));
  }

  /** Answers the place that it has then. */
  #rise(item: Item, from: number): number {
    let place = from;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const above = this.#items[parent] as Item;
      if (!this.#before(item, above)) break;
      this.#set(above, place);
      place = parent;
    }
    this.#set(item, place);
    return place;
  }

  #sink(item: Item, from: number): void {
    let place = from;
    for (;;) {
      const left = 2 * place + 1;
      if (left >= this.#items.length) break;
      const right = left + 1;
      const isRight = right < this.#items.length && this.#before(this.#items[right] as Item, this.#items[left] as Item);
      const child = isRight ? right : left;
      const below = this.#items[child] as Item;
      if (!this.#before(below, item)) break;
      this.#set(below, place);
      place = child;
    }
    this.#set(item, place);
  }

  #set(item: Item, place: number): void {
    this.#items[place] = item;
    this.#places.set(item, place);
  }
}
