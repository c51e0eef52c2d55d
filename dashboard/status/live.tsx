/** Asks the server again and again while somebody looks at the page, and not while its tab is hidden. */
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { newsAfter, nothingTold } from "./announce.ts";
import { askStatus } from "./ask.ts";
import { afterAnswer, connecting, nextAskMs, type Connection } from "./connection.ts";

export interface Live {
  readonly connection: Connection;
  /** For screen readers: what changed last. */
  readonly news: string;
  /** Asks at once, for instance since the token is known now. */
  readonly askNow: () => void;
}

export function useLive(): Live {
  const [connection, setConnection] = useState(connecting);
  const [news, setNews] = useState("");
  const wake = useRef<() => void>(() => undefined);
  useEffect(() => {
    const known = { connection: connecting, etag: null as string | null, told: nothingTold };
    let [timer, failures, isAsking, isGone] = [0, 0, false, false];
    const ask = async (): Promise<void> => {
      if (isAsking || isGone || document.hidden) return;
      isAsking = true;
      clearTimeout(timer);
      const { answer, etag } = await askStatus(async (path, init) => await fetch(path, init), known.etag);
      isAsking = false;
      if (isGone) return;
      const after = afterAnswer(known.connection, answer, Date.now());
      const { told, news: fresh } = newsAfter(known.told, after);
      if (fresh !== "") setNews(fresh);
      known.told = told;
      known.connection = after;
      known.etag = etag;
      failures = answer.kind === "trouble" ? failures + 1 : 0;
      setConnection(after);
      // Who has no token is not let in by asking again.
      if (after.phase !== "refused")
        timer = setTimeout(() => void ask(), nextAskMs(after.document?.refreshMs ?? null, failures));
    };
    wake.current = () => void ask();
    const seen = (): void => {
      if (!document.hidden) void ask();
    };
    document.addEventListener("visibilitychange", seen);
    void ask();
    return () => {
      isGone = true;
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", seen);
    };
  }, []);
  const askNow = useCallback(() => wake.current(), []);
  return { connection, news, askNow };
}

/** The reader's clock, ms, as it goes: for ages. */
export function useNow(everyMs: number): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}
