/**
 * `inbox/<run>`: a run that waits to be admitted; and, once a master could not admit it, why. The entry goes when the run is in
 * a ledger, refused or cancelled, and the reason with it: nothing else needs to be taken back.
 */
import * as v from "valibot";
import { parseIfKnown } from "./stored.ts";
import { inboxKey } from "../names.ts";

const waitsSchema = v.object({
  /** One line: what went wrong. */
  what: v.string(),
  where: v.string(),
  /** The code of the error that it is for. */
  code: v.string(),
  /** What would allow it to be admitted. */
  hint: v.string(),
  /** The store's clock, ms: when a master found that first. */
  since: v.number(),
});

/** Members of later versions stay in what is read: who writes the entry again writes them, too. */
const inboxSchema = v.looseObject({
  format: v.literal(1),
  aggregate: v.optional(v.string()),
  /** Absent: no master has tried, or nothing went wrong. */
  waits: v.optional(waitsSchema),
});

/** Why a run was not admitted. */
export type Waits = v.InferOutput<typeof waitsSchema>;

export type InboxEntry = v.InferOutput<typeof inboxSchema>;

/** Null for what cannot be read: a newer version's entry, mostly, which is not to be written by this one. */
export function parseInboxEntryIfKnown(run: string, bytes: Uint8Array): InboxEntry | null {
  return parseIfKnown(inboxKey(run), bytes, inboxSchema);
}

/** For who only looks. The key is what counts: of an entry that cannot be read, nothing more is known. */
export function parseInboxEntry(run: string, bytes: Uint8Array): InboxEntry {
  return parseInboxEntryIfKnown(run, bytes) ?? { format: 1 };
}
