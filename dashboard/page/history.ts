/** What a change of the page's state does to the browser's history. Pure. */

/**
 * `push`: an entry of its own. `replace`: none. `step`: one together with the steps before it, if nothing else was changed in between.
 */
export type How = "push" | "replace" | "step";

export interface Entry {
  /** Whether it is a new one; else it takes the place of the one that there is. */
  readonly isNew: boolean;
  /** The address that steps have led to, for the next one; null when something else came after them. */
  readonly stepped: string | null;
}

/**
 * `hash`: of the new state, with its `#`; `current`: as `location.hash` has it, which is "" for a bare `#`; `stepped`: of the entry before.
 */
export function entryOf(how: How, hash: string, current: string, stepped: string | null): Entry {
  const isSame = hash === (current || "#");
  // A step that leads nowhere is none: the next one may not take the place of what came before.
  if (how === "step" && isSame) return { isNew: false, stepped };
  const isNew = !isSame && how !== "replace" && (how !== "step" || stepped === null || stepped !== (current || "#"));
  return { isNew, stepped: how === "step" ? hash : null };
}
