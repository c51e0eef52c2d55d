/**
 * `spotfold doctor`: tries everything that a run needs and says of each whether it is well, else why not and what to do.
 * Leaves nothing behind. Then it prints the settings, without credentials.
 *
 * `--json` prints `{format: 1, ok, checks: [{name, state: "ok"|"warning"|"failed"|"skipped", detail, hint?}], settings}`; settings are
 * null when they are wrong.
 *
 *   exit 0   all is well, or there are warnings        1   something is not        130, 143   interrupted
 */
import { printable, type Settings } from "../../shared/config/settings.ts";
import { inCallersWords } from "../caller-command.ts";
import { settingsOf, type StoreOptions } from "../compose/settings.ts";
import { outcomeOf, outcomeText, type Check, type Outcome } from "../doctor/check.ts";
import { childrenCheck } from "../doctor/children.ts";
import { datasetChecks } from "../doctor/datasets.ts";
import { bucketLooks } from "../doctor/looks.ts";
import { machineChecks, placeChecks } from "../doctor/machine.ts";
import { serverChecks } from "../doctor/servers.ts";
import { storeChecks } from "../doctor/stores.ts";
import { exitCodes } from "../exit-codes.ts";
import type { Io } from "../io.ts";
import { counted } from "../report/lines.ts";

export interface DoctorOptions extends StoreOptions {
  readonly json?: boolean;
}

export async function doctor(options: DoctorOptions, io: Io): Promise<number> {
  const { out, interrupts } = io;
  const outcomes: Outcome[] = [];
  const note = async (outcome: Outcome): Promise<void> => {
    outcomes.push(outcome);
    if (options.json !== true) await out.write(inCallersWords(outcomeText(outcome), io.command));
  };
  // Side by side, for most of them wait for processes to start; told in their order.
  const tryAll = async (checks: readonly Check[]): Promise<void> => {
    if (interrupts.first.aborted) return;
    for (const trying of checks.map(outcomeOf)) {
      const outcome = await trying;
      // What Ctrl-C did to our own processes is no finding; all are waited for, so that they clean up.
      if (!interrupts.first.aborted) await note(outcome);
    }
  };
  await tryAll(machineChecks());
  let settings: Settings | null = null;
  await note(await outcomeOf({ name: "settings", run: async () => described((settings = settingsOf(options, io))) }));
  if (settings === null) {
    await note({ name: "the rest", state: "skipped", detail: "until the settings are right" });
  } else {
    const look = bucketLooks(settings);
    await tryAll([
      ...placeChecks(settings),
      ...storeChecks(settings, look),
      ...serverChecks(settings, look),
      childrenCheck(settings),
      ...datasetChecks(settings),
    ]);
  }
  if (interrupts.first.aborted) {
    await io.err.write("\nStopped; nothing was left behind.\n");
    return interrupts.exitCode();
  }
  const failed = outcomes.filter(({ state }) => state === "failed").length;
  const warned = outcomes.filter(({ state }) => state === "warning").length;
  const shown = settings === null ? null : printable(settings);
  if (options.json === true) {
    await out.write(`${JSON.stringify({ format: 1, ok: failed === 0, checks: outcomes, settings: shown })}\n`);
  } else {
    if (shown !== null) await out.write(`\nSettings:\n${linesOf(shown).join("\n")}\n`);
    await out.write(`\n${verdict(failed, warned)}\n`);
  }
  return failed === 0 ? exitCodes.done : exitCodes.failed;
}

function verdict(failed: number, warned: number): string {
  if (failed > 0) return `${counted(failed, "check")} failed.`;
  return warned === 0 ? "All is well." : `A run would work; ${counted(warned, "warning")}.`;
}

function described({ configFile }: Settings): string {
  return configFile ?? "no spotfold.config.json; flags, variables and defaults";
}

/** `timing.leaseMs = 120000`, one setting a line. */
function linesOf(value: unknown, name = ""): string[] {
  if (typeof value !== "object" || value === null || (Array.isArray(value) && value.length === 0)) {
    return [`  ${name} = ${JSON.stringify(value)}`];
  }
  return Object.entries(value).flatMap(([key, inner]) => linesOf(inner, name === "" ? key : `${name}.${key}`));
}
