/**
 * `filter-tree.json`: nested objects, a level for each dimension. Each node has an `_id` and, above the leaves, the `name` of the
 * level below; the leaves' ids are what rows end with. Ids follow from the sorted order of the paths alone.
 */

interface Node {
  readonly id: number;
  /** By the value in the path. */
  readonly children: Map<string, Node>;
}

export class FilterTree {
  readonly #levels: readonly string[];
  readonly #root: Node = { id: 0, children: new Map() };
  #nextId = 1;

  /** `levels`: the dimensions, outermost first. */
  constructor(levels: readonly string[]) {
    this.#levels = levels;
  }

  /** To be called with the paths in key order: a value for each level. */
  add(path: readonly string[]): void {
    let node = this.#root;
    for (const value of path) {
      let child = node.children.get(value);
      if (child === undefined) {
        child = { id: this.#nextId++, children: new Map() };
        node.children.set(value, child);
      }
      node = child;
    }
  }

  /** The leaf's id. Throws for a path that was not added. */
  leafOf(path: readonly string[]): number {
    let node: Node | undefined = this.#root;
    for (const value of path) node = node?.children.get(value);
    if (node === undefined) throw new Error(`a filter path without pings: ${path.join("/")}`);
    return node.id;
  }

  json(): string {
    return nodeJson(this.#root, this.#levels);
  }
}

function nodeJson(node: Node, [name, ...below]: readonly string[]): string {
  if (name === undefined) return `{"_id":${node.id}}`;
  // Written as text: an object would put names such as "6" first, and take "__proto__" for something else.
  const children = [...node.children].map(([value, child]) => `,${memberName(value)}:${nodeJson(child, below)}`);
  return `{"_id":${node.id},"name":${JSON.stringify(name)}${children.join("")}}`;
}

/** A value may be called as the two fixed members are: it, and what could be taken for it then, get one underscore more. */
function memberName(value: string): string {
  return JSON.stringify(/^(?:_id|name)_*$/.test(value) ? `${value}_` : value);
}
