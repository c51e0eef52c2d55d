/**
 * What the page knows, and of how long ago. A pure step for each answer:
 *
 *   connecting --answer--> live --no answer, or an error--> stale --answer--> live        any --401--> refused --token--> live
 *
 * In `stale` what was known is still shown, with since when nothing came. So it is in `refused`: the server was started anew, or the cookie
 * is too old, and what somebody typed must not go with that. Who was never let in knows nothing. Times are the reader's clock, ms.
 */
import type { StatusDocument } from "./document.ts";

export interface Connection {
  readonly phase: "connecting" | "live" | "stale" | "refused";
  readonly document: StatusDocument | null;
  /** The last answer that said something, also that nothing has changed. */
  readonly answeredAt: number | null;
  /** The store's clock less the reader's, ms. */
  readonly clockAheadMs: number;
  readonly trouble: { readonly message: string; readonly hint: string | null } | null;
}

export type Answer =
  | { readonly kind: "document"; readonly document: StatusDocument; readonly storeTime: number }
  | { readonly kind: "unchanged"; readonly storeTime: number }
  | { readonly kind: "token" }
  | { readonly kind: "trouble"; readonly message: string; readonly hint: string | null };

export const connecting: Connection = {
  phase: "connecting",
  document: null,
  answeredAt: null,
  clockAheadMs: 0,
  trouble: null,
};

export function afterAnswer(before: Connection, answer: Answer, now: number): Connection {
  switch (answer.kind) {
    case "document":
    case "unchanged": {
      const document = answer.kind === "document" ? answer.document : before.document;
      return { phase: "live", document, answeredAt: now, clockAheadMs: answer.storeTime - now, trouble: null };
    }
    case "token":
      return { ...before, phase: "refused", trouble: null };
    case "trouble": {
      const { message, hint } = answer;
      const trouble = { message, hint };
      return before.document === null
        ? { ...before, phase: "connecting", trouble }
        : { ...before, phase: "stale", trouble };
    }
  }
}

/** The least age at which what is shown counts as old, and that age in refreshes: answers of a slow store take seconds. */
const oldMsMin = 20_000;
const oldRefreshes = 5;

/** Whether what is shown may no longer hold: the server is away, or has not answered for long. */
export function isOld({ phase, answeredAt, document }: Connection, now: number): boolean {
  if (phase !== "live" || answeredAt === null) return true;
  return now - answeredAt > Math.max(oldMsMin, oldRefreshes * (document?.refreshMs ?? 0));
}

/** A server that is away is asked less and less often, up to this. */
const patienceMsMax = 15_000;
const firstTryMs = 1_000;

/** When to ask again. `failures`: in a row. */
export function nextAskMs(refreshMs: number | null, failures: number): number {
  const usual = refreshMs ?? firstTryMs;
  return failures === 0 ? usual : Math.max(usual, Math.min(patienceMsMax, firstTryMs * 2 ** (failures - 1)));
}
