/** What commands need that look at the work store without working on it. */
import { codeOf, SpotfoldError } from "../../shared/errors.ts";
import { Ledger } from "../../master/ledger/ledger.ts";
import { systemRandom } from "../../shared/clock.ts";
import type { Settings } from "../../shared/config/settings.ts";
import { aggregatesPrefix, headKey, isId, runKey } from "../../shared/names.ts";
import type { BlobStore } from "../../shared/ports/blob-store.ts";
import { readRun } from "./master.ts";
import { isFolder, openExistingStore } from "./ports.ts";
import type { Scope } from "./scope.ts";

export interface Look {
  readonly store: BlobStore;
  readonly ledger: Ledger;
}

/** The work store as it is; nothing is made. Throws `no-such-store` with what to do when there is none yet. */
export async function openLook(settings: Settings, scope: Scope): Promise<Look> {
  try {
    const store = await openExistingStore(settings, scope);
    return { store, ledger: new Ledger(store, systemRandom) };
  } catch (error) {
    if (codeOf(error) !== "no-such-store" || !isFolder(settings.store)) throw error;
    throw new SpotfoldError("no-such-store", `there is nothing yet in ${settings.store}`, {
      hint: "Run something first, or call this in the folder where it was run.",
    });
  }
}

export async function aggregatesOf(store: BlobStore): Promise<string[]> {
  const names: string[] = [];
  for await (const page of store.list(aggregatesPrefix, { shallow: true })) {
    names.push(...page.prefixes.map((prefix) => prefix.slice(aggregatesPrefix.length, -1)));
  }
  return names;
}

/** The aggregate that a name stands for: itself, or the one of a run. `run` is null for an aggregate's name. */
export async function findTarget(
  store: BlobStore,
  name: string,
): Promise<{ readonly aggregate: string; readonly run: string | null }> {
  if (isId(name)) {
    if ((await store.head(headKey(name))) !== null) return { aggregate: name, run: null };
    if ((await store.head(runKey(name))) !== null)
      return { aggregate: (await readRun(store, name)).aggregate, run: name };
  }
  const known = await aggregatesOf(store);
  throw new SpotfoldError("usage", `there is no run and no aggregate ${JSON.stringify(name)}`, {
    hint: known.length === 0 ? "There is none at all yet." : `Aggregates are ${known.slice(0, 10).join(", ")}.`,
  });
}
