/** The page's state, kept in its address: what is chosen becomes an entry of the browser's history, what is dragged does not. */
import { useCallback, useEffect, useState } from "preact/hooks";
import { fromHash, toHash } from "./state-hash.ts";
import type { PageState } from "./state.ts";

export type Change = (changes: Partial<PageState>, how?: "push" | "replace") => void;

export function useStateHash(): readonly [PageState, Change] {
  const [state, setState] = useState(() => fromHash(location.hash));
  useEffect(() => {
    const read = (): void => setState(fromHash(location.hash));
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
    if (how === "push" && hash !== location.hash) history.pushState(null, "", hash);
    else history.replaceState(null, "", hash);
    setState(next);
  }, []);
  return [state, change];
}

/** The address of the same page in another state. */
export function addressOf(state: PageState): string {
  return `${location.href.replace(/#.*$/s, "")}#${toHash(state)}`;
}
