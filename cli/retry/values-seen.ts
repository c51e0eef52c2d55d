/** The values that dimensions of some blocks have, and the narrowest filter that allows them all. */
import type { Layout } from "../../shared/dataset/layout.ts";
import type { Allowed, Filter } from "../../shared/dataset/types.ts";
import { compareKeys } from "../../shared/keys.ts";

/** A list of more values narrows a listing hardly more than its ends do, and makes run.json long. */
const valuesMax = 400;

export class ValuesSeen {
  /** Blocks. */
  count = 0;
  readonly #seen: ReadonlyMap<string, Values>;
  /** A dimension that one of them lacks narrows nothing. */
  readonly #lacking = new Set<string>();

  constructor({ dimensions }: Layout) {
    this.#seen = new Map(dimensions.map((name) => [name, new Values()]));
  }

  add(dimensions: Readonly<Record<string, string>>): void {
    this.count++;
    for (const [name, values] of this.#seen) {
      const value = Object.hasOwn(dimensions, name) ? dimensions[name] : undefined;
      if (value === undefined) this.#lacking.add(name);
      else values.add(value);
    }
  }

  filter(): Filter {
    const allowed = [...this.#seen].flatMap(([name, values]): [string, Allowed][] => {
      return this.#lacking.has(name) ? [] : [[name, values.allowed()]];
    });
    return Object.fromEntries(allowed);
  }
}

/** Of one dimension, which may have another one for each block: beyond a list, the ends are kept. */
class Values {
  readonly #all = new Set<string>();
  #ends: { readonly min: string; readonly max: string } | null = null;

  add(value: string): void {
    if (this.#ends !== null) {
      const { min, max } = this.#ends;
      if (compareKeys(value, min) < 0) this.#ends = { min: value, max };
      else if (compareKeys(value, max) > 0) this.#ends = { min, max: value };
      return;
    }
    this.#all.add(value);
    if (this.#all.size <= valuesMax) return;
    const sorted = [...this.#all].toSorted(compareKeys);
    this.#ends = { min: sorted[0] ?? value, max: sorted.at(-1) ?? value };
    this.#all.clear();
  }

  allowed(): Allowed {
    return this.#ends ?? [...this.#all].toSorted(compareKeys);
  }
}
