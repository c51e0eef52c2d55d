/**
 * The last step of `submit --wait`: what is settled is to be seen, too. A master publishes a run when it closes; we look for
 * `coverage.json` of a snapshot that is as far as the ledger was.
 *
 *   waiting --published--> true
 *           --`waitMs` over, or the web store may not be read--> false: the run is settled all the same
 */
import * as v from "valibot";
import { codeOf, isEnvironmental } from "../../shared/errors.ts";
import type { Manifest } from "../../shared/formats/ledger.ts";
import type { BlobStore } from "../../shared/ports/blob-store.ts";
import type { Clock } from "../../shared/ports/clock.ts";
import { readAll } from "../../shared/read-all.ts";

const lookMs = 500;

/** The part of coverage.json that says how far it is. */
const shownSchema = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({
    aggregate: v.string(),
    run: v.string(),
    snapshot: v.number(),
    blocks: v.object({ open: v.number() }),
  }),
);

export interface PublishedInput {
  /** Opens the web store. It may not be there before the first publication. */
  readonly open: () => Promise<BlobStore>;
  /** In which everything is settled; null when there is no aggregate, hence nothing to show. */
  readonly manifest: Manifest | null;
  readonly waitMs: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

export async function waitUntilPublished({ open, manifest, waitMs, clock, signal }: PublishedInput): Promise<boolean> {
  if (manifest === null) return false;
  const until = clock.monotonic() + waitMs;
  let web: BlobStore | null = null;
  for (;;) {
    try {
      web ??= await open();
      const blob = await readAll(web, `${manifest.aggregate}/coverage.json`);
      if (blob !== null && isAsFar(Buffer.from(blob.bytes).toString(), manifest)) return true;
    } catch (error) {
      // Whoever submits may be somebody who must not read what is published.
      const code = codeOf(error);
      if (code !== "no-such-store" && isEnvironmental(code)) return false;
    }
    if (signal.aborted || clock.monotonic() >= until) return false;
    await clock.sleep(lookMs, signal);
  }
}

/**
 * Whether what is shown holds all that this manifest does. Commits that change no answer (a merge) raise its number, too, and
 * are published at leisure: the same last run with no more open blocks is as far.
 */
export function isAsFar(text: string, { aggregate, number, renderer, open }: Manifest): boolean {
  const shown = v.safeParse(shownSchema, text);
  if (!shown.success || shown.output.aggregate !== aggregate) return false;
  const { run, snapshot, blocks } = shown.output;
  const openBlocks = open.reduce((sum, { blocks: all, totals }) => sum + all - totals.covered - totals.missing, 0);
  return snapshot >= number || (run === renderer.run && blocks.open <= openBlocks);
}
