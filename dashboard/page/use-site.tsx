/**
 * The site that the page shows, and what happens to it while the page is open:
 *
 *   loading -> failed -> loading …
 *   loading -> ready;  beside it: newer (the pointer moved: the reader says when to show it), gone (the network went away)
 */
import { useCallback, useEffect, useState } from "preact/hooks";
import { openSite, type Site } from "../client/index.ts";
import { problemOf, type Problem } from "./source.ts";

/** The pointer moves when an aggregate is published, which is minutes apart at the quickest. */
const lookAgainMs = 60_000;

export interface SiteState {
  readonly site: Site | null;
  readonly problem: Problem | null;
  /** A newer state than `site`; null while there is none. */
  readonly newer: Site | null;
  /** Why looking for newer data failed the last time; null when it did not. */
  readonly gone: Problem | null;
  readonly showNewer: () => void;
  readonly again: () => void;
}

export function useSite(base: string): SiteState {
  const [site, setSite] = useState<Site | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [newer, setNewer] = useState<Site | null>(null);
  const [gone, setGone] = useState<Problem | null>(null);

  const open = useCallback(() => {
    setProblem(null);
    void openSite(base).then(
      (opened) => setSite(opened),
      (error: unknown) => setProblem(problemOf(error)),
    );
  }, [base]);
  useEffect(open, [open]);

  useEffect(() => {
    if (site === null) return undefined;
    let isOvertaken = false;
    const look = (): void => {
      if (document.hidden) return;
      void site.refresh().then(
        (found) => {
          if (isOvertaken) return;
          setGone(null);
          setNewer(found.coverage.snapshot === site.coverage.snapshot ? null : found);
        },
        (error: unknown) => {
          if (!isOvertaken) setGone(problemOf(error));
        },
      );
    };
    const timer = setInterval(look, lookAgainMs);
    const events = ["visibilitychange", "online", "offline"] as const;
    for (const event of events) globalThis.addEventListener(event, look);
    return () => {
      isOvertaken = true;
      clearInterval(timer);
      for (const event of events) globalThis.removeEventListener(event, look);
    };
  }, [site]);

  const showNewer = useCallback(() => {
    setSite(newer);
    setNewer(null);
  }, [newer]);
  /** By the site that there is: it knows which files were of no use, and asks for these past what keeps copies. */
  const again = useCallback(() => {
    if (site === null) open();
    else {
      void site.refresh().then(
        (found) => {
          setSite(found);
          setNewer(null);
          setGone(null);
        },
        (error: unknown) => setGone(problemOf(error)),
      );
    }
  }, [site, open]);
  return { site, problem, newer, gone, showNewer, again };
}
