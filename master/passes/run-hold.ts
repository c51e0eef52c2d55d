/** Reading and replacing a run's hold, which workers write, too: always in the place of the one that was read. */
import type { Hold } from "../../shared/formats/hold.ts";
import { encodeStored } from "../../shared/formats/stored.ts";
import { holdKey } from "../../shared/names.ts";
import { readHold } from "../../shared/read-hold.ts";
import type { MasterContext } from "../context.ts";

export interface FoundHold {
  readonly hold: Hold | null;
  readonly etag: string | null;
}

export async function readRunHold(context: MasterContext, run: string): Promise<FoundHold> {
  return (await readHold(context.store, run)) ?? { hold: null, etag: null };
}

export function emptyHold(run: string): Hold {
  return { format: 1, run, kind: "none", what: "", where: "", hint: "", since: 0, until: 0, times: 1, heldMs: 0 };
}

/** In the place of the hold that was read. False when it is another one by now. */
export async function putHold(context: MasterContext, hold: Hold, etag: string | null): Promise<boolean> {
  return (await context.store.swap(holdKey(hold.run), encodeStored(hold), etag)).swapped;
}

/** A master may hold the run for a reason of its own: nothing holds it, or the environment does. */
export function mayBeHeld(hold: Hold | null): boolean {
  return hold === null || hold.kind === "none" || hold.kind === "environment";
}
