/**
 * `filter-tree.json`: which combinations of dimensions there are, level by level, and the id that rows of each end with.
 *
 *   {"_id": 0, "name": "reason", "saved_session": {"_id": 1, "name": "appName", "Firefox": {"_id": 2}}}
 *
 * A value that is called as the two fixed members are (`_id`, `name`), or could be taken for them, has one underscore more.
 */
import { isCount, isObject, isText } from "./shapes.ts";
import { unexpected } from "./site-fault.ts";

/** Deeper than any data: a damaged file must not take the stack. */
const levelsMax = 32;

interface Node {
  readonly id: number;
  /** Empty at a leaf. */
  readonly children: ReadonlyMap<string, Node>;
}

/** For each dimension, in order, a value, or null for all. What is not said is all. */
export type Picks = readonly (string | null)[];

export class FilterTree {
  /** From the outermost level to the innermost. */
  readonly dimensions: readonly string[];
  readonly #root: Node;
  readonly #ids = new Set<number>();

  constructor(file: string, json: unknown) {
    const dimensions: string[] = [];
    this.#root = this.#parse(file, json, dimensions, 0);
    this.dimensions = dimensions;
  }

  /** Whether a row may end with it. */
  has(id: number): boolean {
    return this.#ids.has(id);
  }

  /** The values of one dimension that occur together with what is picked for those before it, in order of text. */
  options(picks: Picks, level: number): string[] {
    const nodes = this.#nodes(picks.slice(0, level), level);
    return [...new Set(nodes.flatMap((node) => [...node.children.keys()]))].toSorted(compareTexts);
  }

  /** Ids of the rows that the picks allow; empty where nothing is like that. */
  ids(picks: Picks): ReadonlySet<number> {
    return new Set(this.#nodes(picks, this.dimensions.length).map(({ id }) => id));
  }

  /** Nodes that lie `levels` below the root. */
  #nodes(picks: Picks, levels: number): Node[] {
    let nodes = [this.#root];
    for (let level = 0; level < levels; level++) {
      const pick = picks[level] ?? null;
      nodes = nodes.flatMap(({ children }) => {
        if (pick === null) return [...children.values()];
        const child = children.get(pick);
        return child === undefined ? [] : [child];
      });
    }
    return nodes;
  }

  #parse(file: string, json: unknown, dimensions: string[], level: number): Node {
    if (!isObject(json) || !isCount(json["_id"]))
      throw unexpected(file, "has a place without a whole number as its _id");
    const { _id: id, name, ...members } = json;
    const isLeaf = name === undefined;
    if (isLeaf && Object.keys(members).length > 0) throw unexpected(file, `does not name the level below _id ${id}`);
    if (isLeaf) {
      if (this.#ids.has(id)) throw unexpected(file, `has the _id ${id} twice`);
      this.#ids.add(id);
      return { id, children: new Map() };
    }
    if (!isText(name) || level >= levelsMax) throw unexpected(file, `has a level that cannot be named below _id ${id}`);
    if ((dimensions[level] ??= name) !== name) {
      throw unexpected(file, `calls one level both ${JSON.stringify(dimensions[level])} and ${JSON.stringify(name)}`);
    }
    const children = Object.entries(members).map(
      ([member, child]) => [valueOf(member), this.#parse(file, child, dimensions, level + 1)] as const,
    );
    return { id, children: new Map(children) };
  }
}

function valueOf(member: string): string {
  return /^(?:_id|name)_+$/.test(member) ? member.slice(0, -1) : member;
}

/** The same order everywhere, whatever the reader's language. */
export function compareTexts(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
