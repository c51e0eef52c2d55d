/**
 * `filter-tree.json`: nested objects by reason, appName, OS, osVersion, arch. Each node has an `_id` and, above the leaves,
 * the `name` of the level below; the leaves' ids are what rows end with. Ids follow from the sorted order of the paths alone.
 */
import type { FilterPath } from "./keys.ts";
import { PATH_LEVELS } from "./keys.ts";

interface Node {
  readonly id: number;
  /** By the value in the path. */
  readonly children: Map<string, Node>;
}

export class FilterTree {
  readonly #root: Node = { id: 0, children: new Map() };
  #nextId = 1;

  /** To be called with the paths in key order. */
  add(path: FilterPath): void {
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
  leafOf(path: FilterPath): number {
    let node: Node | undefined = this.#root;
    for (const value of path) node = node?.children.get(value);
    if (node === undefined) throw new Error(`a filter path without pings: ${path.join("/")}`);
    return node.id;
  }

  json(): string {
    return nodeJson(this.#root, 0);
  }
}

function nodeJson(node: Node, level: number): string {
  const name = PATH_LEVELS[level];
  if (name === undefined) return `{"_id":${node.id}}`;
  // Written as text: an object would put names such as "6" first, and take "__proto__" for something else.
  const children = [...node.children].map(([value, child]) => `,${memberName(value)}:${nodeJson(child, level + 1)}`);
  return `{"_id":${node.id},"name":"${name}"${children.join("")}}`;
}

/** A value may be called as the two fixed members are: it, and what could be taken for it then, get one underscore more. */
function memberName(value: string): string {
  return JSON.stringify(/^(?:_id|name)_*$/.test(value) ? `${value}_` : value);
}
