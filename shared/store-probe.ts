/**
 * The probe that every daemon makes of its store before it works with it: does the store honour conditions, also between two
 * processes? Some gateways to object stores accept them and ignore them; network file systems forget locks. On such a store
 * a block would be counted twice, so there is no working with it.
 *
 * 1. A blob is created; creating it again must say that it exists, with its bytes; a swap with a wrong etag must fail, one
 *    with the right etag succeed, and reading must show it.
 * 2. We and a second process (`Rival`) race for a create, then for a swap, `raceRounds` times: each time exactly one wins,
 *    the loser is told the winner's bytes, and they are what is read.
 *
 * Everything happens below `probe/<id>/` and is deleted afterwards, also when the probe fails; what a killed probe leaves is
 * a few hundred bytes.
 */
import { SpotfoldError } from "./errors.ts";
import { readAll } from "./read-all.ts";
import type { BlobStore } from "./ports/blob-store.ts";
import type { Random } from "./ports/clock.ts";

/** Enough to meet: a store without conditions lets both win in nearly every round. */
const raceRounds = 5;
const idDigits = 16;

/** What a rival is asked to do: one conditional write. */
export interface RivalCall {
  readonly key: string;
  readonly text: string;
  /** Null for a create, else the etag that a swap expects. */
  readonly expected: string | null;
}

export type RivalAnswer =
  | { readonly won: true; readonly etag: string }
  /** With `create`: what is there instead. */
  | { readonly won: false; readonly existing?: string };

/** Another process with a store of its own on the same place. */
export interface Rival {
  call(call: RivalCall): Promise<RivalAnswer>;
  /** Ends the process. Twice is once. */
  close(): Promise<void>;
}

export interface ProbeOptions {
  readonly random: Random;
  /** Starts the second process; the probe ends it. */
  readonly startRival: () => Promise<Rival>;
}

/** Fails with `store-unfit`, naming the store and what it did; other errors (no access, disk full) pass through. */
export async function probeStore(store: BlobStore, options: ProbeOptions): Promise<void> {
  const folder = `probe/${options.random.hex(idDigits)}`;
  const keys = ["alone", ...Array.from({ length: raceRounds }, (_, round) => `race-${round}`)].map(
    (key) => `${folder}/${key}`,
  );
  // The second process starts while the first step is made.
  const starting = options.startRival();
  try {
    await Promise.all([probeAlone(store, `${folder}/alone`), starting]);
    const rival = await starting;
    for (const key of keys.slice(1)) await probeRace(store, rival, key);
  } finally {
    // A rival that could not be started has nothing to close; its error is on its way already.
    const rival = await starting.catch(() => undefined);
    await rival?.close();
    await store.delete(keys);
  }
}

/** One conditional write. `expected` null: a create, else a swap. Rivals answer calls with this, too. */
export async function contend(store: BlobStore, { key, text, expected }: RivalCall): Promise<RivalAnswer> {
  const bytes = Buffer.from(text);
  if (expected === null) {
    const result = await store.create(key, bytes);
    if (result.created) return { won: true, etag: result.etag };
    return { won: false, existing: Buffer.from(result.existing).toString() };
  }
  const result = await store.swap(key, bytes, expected);
  return result.swapped ? { won: true, etag: result.etag } : { won: false };
}

async function probeAlone(store: BlobStore, key: string): Promise<void> {
  const first = await contend(store, { key, text: "first", expected: null });
  if (!first.won) throw unfit(store, "said that a new blob exists already");
  const again = await contend(store, { key, text: "again", expected: null });
  if (again.won) throw unfit(store, "created a blob that existed");
  if (again.existing !== "first") throw unfit(store, "did not show the blob that exists");
  if ((await contend(store, { key, text: "wrong", expected: `${first.etag}0` })).won) {
    throw unfit(store, "swapped a blob although the condition did not hold");
  }
  const right = await contend(store, { key, text: "right", expected: first.etag });
  if (!right.won) throw unfit(store, "did not swap a blob although the condition held");
  if ((await contend(store, { key, text: "stale", expected: first.etag })).won) {
    throw unfit(store, "swapped a blob that had been swapped before");
  }
  if ((await textOf(store, key)) !== "right") throw unfit(store, "does not show what was written");
}

async function probeRace(store: BlobStore, rival: Rival, key: string): Promise<void> {
  const etag = await oneWinner(store, rival, key, null);
  await oneWinner(store, rival, key, etag);
}

/** The winner's etag. */
async function oneWinner(store: BlobStore, rival: Rival, key: string, expected: string | null): Promise<string> {
  const kind = expected === null ? "create" : "swap";
  const [ours, theirs] = await Promise.all([
    contend(store, { key, text: `${kind} ours`, expected }),
    rival.call({ key, text: `${kind} theirs`, expected }),
  ]);
  if (ours.won && theirs.won) throw unfit(store, `let two processes win one ${kind}`);
  const winner = ours.won ? ours : theirs;
  if (!winner.won) throw unfit(store, `let neither of two processes win a ${kind}`);
  const text = `${kind} ${ours.won ? "ours" : "theirs"}`;
  const loser = ours.won ? theirs : ours;
  if (!loser.won && loser.existing !== undefined && loser.existing !== text) {
    throw unfit(store, "told the loser of a create something else than the winner wrote");
  }
  if ((await textOf(store, key)) !== text) throw unfit(store, `does not show what the winner of a ${kind} wrote`);
  return winner.etag;
}

async function textOf(store: BlobStore, key: string): Promise<string | undefined> {
  const blob = await readAll(store, key);
  return blob === null ? undefined : Buffer.from(blob.bytes).toString();
}

function unfit(store: BlobStore, fault: string): SpotfoldError {
  return new SpotfoldError("store-unfit", `The store ${store.name} cannot be used: it ${fault}.`, {
    hint: store.name.startsWith("file:")
      ? "A folder must be on a local disk; network file systems do not hold locks between processes."
      : "The store must honour conditional writes (If-Match, If-None-Match).",
    context: { store: store.name, fault },
  });
}
