/**
 * `spotfold cancel RUN`: ends a run. What is resolved is entered and kept, the rest is given back; the commit is the cancelling.
 * A run that no master has admitted is closed before it began: nothing is planned, so nothing of its data is looked at.
 */
import { systemRandom } from "../../shared/clock.ts";
import { SpotfoldError } from "../../shared/errors.ts";
import { inboxKey } from "../../shared/names.ts";
import type { BlobStore } from "../../shared/ports/blob-store.ts";
import { readHold } from "../../shared/read-hold.ts";
import { cancelUnadmitted, endRun } from "../../master/passes/close.ts";
import { readRun } from "../compose/master.ts";
import { newProcessName } from "../compose/process-id.ts";
import { withScope } from "../compose/scope.ts";
import { settingsOf, type StoreOptions } from "../compose/settings.ts";
import { exitCodes } from "../exit-codes.ts";
import type { Io } from "../io.ts";
import { openMaster } from "../compose/open-master.ts";
import { counted } from "../report/lines.ts";

export interface CancelOptions extends StoreOptions {
  readonly json?: boolean;
}

export async function cancel(run: string, options: CancelOptions, io: Io): Promise<number> {
  return await withScope(async (scope) => {
    const settings = settingsOf(options, io);
    const context = await openMaster(
      { settings, id: newProcessName(systemRandom), log: () => undefined, probe: false },
      scope,
    );
    const spec = await readRun(context.store, run);
    if ((await context.store.head(inboxKey(run))) !== null) {
      const early = await cancelUnadmitted(context, spec);
      // From here on a master would do it, too: the run is closed.
      await context.store.delete([inboxKey(run)]);
      if (early) {
        const none = { covered: 0, missing: 0, givenBack: 0 };
        await io.out.write(
          options.json === true
            ? jsonOf({ run, aggregate: spec.aggregate, state: "cancelled", blocks: none })
            : `${run} is cancelled; no master had admitted it, so nothing is in ${spec.aggregate}\n`,
        );
        return exitCodes.done;
      }
    }
    const ended = await endRun(context, spec.aggregate, run, "cancelled");
    const { manifest } = await context.ledger.read(spec.aggregate);
    const closed = manifest?.closed.find((candidate) => candidate.run === run);
    if (closed === undefined) throw await neverAdmitted(context.store, run);
    const { totals, blocks, state } = closed;
    const settled = totals.covered + totals.missing;
    if (options.json === true) {
      const counts = { covered: totals.covered, missing: totals.missing, givenBack: blocks - settled };
      await io.out.write(jsonOf({ run, aggregate: spec.aggregate, state, blocks: counts }));
      return exitCodes.done;
    }
    await io.out.write(
      ended
        ? `${run} is ${state}: ${counted(totals.covered, "block")} of ${blocks} kept in ${spec.aggregate}, ` +
            `${counted(totals.missing, "block")} missing, ${counted(blocks - settled, "block")} given back\n`
        : `${run} was ${state} before: ${counted(totals.covered, "block")} of ${blocks} in ${spec.aggregate}\n`,
    );
    return exitCodes.done;
  });
}

interface Cancelled {
  readonly run: string;
  readonly aggregate: string;
  readonly state: string;
  readonly blocks: { readonly covered: number; readonly missing: number; readonly givenBack: number };
}

function jsonOf(cancelled: Cancelled): string {
  return `${JSON.stringify({ format: 1, ...cancelled })}\n`;
}

async function neverAdmitted(store: BlobStore, run: string): Promise<SpotfoldError> {
  const hold = (await readHold(store, run))?.hold;
  const why = hold?.kind === "closed" ? `: it was refused, since ${hold.what}` : "";
  return new SpotfoldError("usage", `the run ${run} was never admitted${why}`, { hint: "See spotfold status." });
}
