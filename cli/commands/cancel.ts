/** `spotfold cancel RUN`: ends a run. What is resolved is entered and kept, the rest is given back; the commit is the cancelling. */
import { systemRandom } from "../../shared/clock.ts";
import { SpotfoldError } from "../../shared/errors.ts";
import { inboxKey } from "../../shared/names.ts";
import { admitRun } from "../../master/passes/admit.ts";
import { endRun } from "../../master/passes/close.ts";
import { readRun } from "../compose/master.ts";
import { newProcessName } from "../compose/process-id.ts";
import { withScope } from "../compose/scope.ts";
import { settingsOf, type StoreOptions } from "../compose/settings.ts";
import { exitCodes } from "../exit-codes.ts";
import type { Io } from "../io.ts";
import { openMaster } from "../compose/open-master.ts";
import { counted } from "../report/lines.ts";

export async function cancel(run: string, options: StoreOptions, io: Io): Promise<number> {
  return await withScope(async (scope) => {
    const settings = settingsOf(options, io);
    const context = await openMaster(
      { settings, id: newProcessName(systemRandom), log: () => undefined, probe: false },
      scope,
    );
    const spec = await readRun(context.store, run);
    // Admitted first, so that its id stays in the ledger and is refused for ever.
    if ((await context.store.head(inboxKey(run))) !== null) {
      await admitRun(context, spec);
      await context.store.delete([inboxKey(run)]);
    }
    const ended = await endRun(context, spec.aggregate, run, "cancelled");
    const { manifest } = await context.ledger.read(spec.aggregate);
    const closed = manifest?.closed.find((candidate) => candidate.run === run);
    if (closed === undefined) {
      throw new SpotfoldError("usage", `the run ${run} was never admitted`, { hint: "See spotfold status." });
    }
    const { totals, blocks, state } = closed;
    const settled = totals.covered + totals.missing;
    await io.out.write(
      ended
        ? `${run} is ${state}: ${counted(totals.covered, "block")} of ${blocks} kept in ${spec.aggregate}, ` +
            `${counted(totals.missing, "block")} missing, ${counted(blocks - settled, "block")} given back\n`
        : `${run} was ${state} before: ${counted(totals.covered, "block")} of ${blocks} in ${spec.aggregate}\n`,
    );
    return exitCodes.done;
  });
}
