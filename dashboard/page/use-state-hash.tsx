/**
 * The page's state, kept in its address. What is chosen becomes an entry of the browser's history; what was moved step by step is one
 * entry together, so that Back leads to before the first step.
 */
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { entryOf, type How } from "./history.ts";
import { fromHash, toHash } from "./state-hash.ts";
import type { PageState } from "./state.ts";

/** Inside of another page, whose history it is: the figure adds nothing to it. */
export const isFramed = globalThis.parent !== globalThis.self;

export type Change = (changes: Partial<PageState>, how?: How) => void;

export function useStateHash(): readonly [PageState, Change] {
  const [state, setState] = useState(() => fromHash(location.hash));
  /** The address that the last step led to; null when something else came after it. */
  const stepped = useRef<string | null>(null);
  useEffect(() => {
    const read = (): void => {
      stepped.current = null;
      setState(fromHash(location.hash));
    };
    globalThis.addEventListener("popstate", read);
    globalThis.addEventListener("hashchange", read);
    return () => {
      globalThis.removeEventListener("popstate", read);
      globalThis.removeEventListener("hashchange", read);
    };
  }, []);
  const change = useCallback<Change>((changes, how = "push") => {
    const next = { ...fromHash(location.hash), ...changes };
    const hash = `#${toHash(next)}`;
    const entry = entryOf(isFramed ? "replace" : how, hash, location.hash, stepped.current);
    if (entry.isNew) history.pushState(null, "", hash);
    else history.replaceState(null, "", hash);
    stepped.current = entry.stepped;
    setState(next);
  }, []);
  return [state, change];
}

/** The address of the same page in another state. */
export function addressOf(state: PageState): string {
  return `${location.href.replace(/#.*$/s, "")}#${toHash(state)}`;
}
