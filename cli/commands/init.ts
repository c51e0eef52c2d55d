/**
 * `spotfold init`: writes a commented `spotfold.config.json` into the caller's folder, and never over one that is there.
 * `--create` makes the buckets, queues and folders that the settings name, where they are absent; with a file that is there,
 * that is all it does, and flags that say something else than the file are refused. Nothing is made of what cannot be made in
 * whole: settings are checked first.
 *
 * `--json` prints `{format: 1, ok, file, written, places: [{what, state: "made"|"there"|"failed", detail, hint?}]}`.
 *
 *   exit 0   done        2   a file is there, or a flag or setting is wrong
 *   exit 1   something could not be made: what was made is told, and the same command goes on        130, 143   interrupted
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Made } from "../../shared/aws/made.ts";
import { systemRandom } from "../../shared/clock.ts";
import { callerFolder } from "../../shared/config/environment.ts";
import { variableOf } from "../../shared/config/fields.ts";
import { withoutCredentials } from "../../shared/config/problems.ts";
import { configFileName, readSettings, type Settings } from "../../shared/config/settings.ts";
import { SpotfoldError } from "../../shared/errors.ts";
import { inCallersWords } from "../caller-command.ts";
import { settingsOf, type StoreOptions } from "../compose/settings.ts";
import { exitCodes } from "../exit-codes.ts";
import { configText, type NewConfig } from "../init/config-text.ts";
import { checkCreation, createPlaces } from "../init/create.ts";
import { givenNames, newConfig, type FirstDataset } from "../init/request.ts";
import { writeNew } from "../init/write-new.ts";
import { commandLine, type Io } from "../io.ts";
import { reportInterrupt } from "../report/failure.ts";
import { counted } from "../report/lines.ts";

export interface InitOptions extends StoreOptions, FirstDataset {
  readonly create?: boolean;
  readonly publicWeb?: boolean;
  readonly json?: boolean;
}

export async function init(options: InitOptions, io: Io): Promise<number> {
  const { create = false, publicWeb = false, json = false } = options;
  const file = join(callerFolder(io.environment), configFileName);
  if (publicWeb && !create) {
    throw new SpotfoldError("usage", "--public-web is about what --create makes", { hint: "Give both, or none." });
  }
  const isThere = existsSync(file);
  if (isThere && !create) throw fileIsThere(file);
  const settings = settingsOf(options, io);
  if (isThere) checkFileSays(file, options, settings);
  const config = isThere ? undefined : newConfig(options, settings);
  if (create) checkCreation(settings, { publicWeb }, config?.dataset?.place);
  const out = json ? io.err : io.out;
  if (config === undefined) await out.write(`there   ${file}: left as it is\n`);
  else await write(file, config, io, out);
  const places: Made[] = [];
  if (create) {
    for await (const made of createPlaces(settings, { publicWeb })) {
      places.push(made);
      await out.write(madeText(made, io));
      if (io.interrupts.first.aborted) return await stopped(io, json);
    }
  }
  const refused = places.filter(({ state }) => state === "failed").length;
  const dataset = config?.dataset?.name ?? settings.datasets[0]?.name;
  await out.write(refused === 0 ? next(dataset ?? "<place>", create, io) : refusedText(refused, io));
  const report = { format: 1, ok: refused === 0, file, written: config !== undefined, places };
  if (json) await io.out.write(`${JSON.stringify(report)}\n`);
  return refused === 0 ? exitCodes.done : exitCodes.failed;
}

function fileIsThere(file: string): SpotfoldError {
  return new SpotfoldError("usage", `${file} is there already, and is left as it is.`, {
    hint: "Edit it, or move it away for a new one. spotfold init --create makes what it names.",
    context: { file },
  });
}

/** Made would be what the flags name, and used what the file names. `settings`: with the flags. */
function checkFileSays(file: string, options: InitOptions, settings: Settings): void {
  const { data, dataset, layout, records } = options;
  if ([data, dataset, layout, records].some((flag) => flag !== undefined)) {
    throw new SpotfoldError("usage", `${file} is there already, so no dataset can be written into it.`, {
      hint: "Add it to the file's datasets, and leave --data out.",
      context: { file },
    });
  }
  const inFile = readSettings({}, { variables: {}, workingFolder: settings.folder });
  const others = givenNames(options).filter((name) => settings[name] !== inFile[name]);
  if (others.length === 0) return;
  const lines = others.map((name) => `  ${name}: the file says ${inFile[name]}, --${name} asks for ${settings[name]}`);
  throw new SpotfoldError(
    "usage",
    `${file} is there already, and says something else. Nothing was made.\n${withoutCredentials(lines.join("\n"))}`,
    {
      hint: "Edit the file, or move it away for a new one; then repeat the command.",
      context: { file, settings: others },
    },
  );
}

async function write(file: string, config: NewConfig, { environment }: Io, out: Io["out"]): Promise<void> {
  if (!(await writeNew(file, configText(config), systemRandom))) throw fileIsThere(file);
  await out.write(`wrote   ${file}\n`);
  for (const name of ["store", "queue", "catalog", "web", "work"]) {
    const variable = variableOf(name);
    const value = environment.variables[variable] ?? "";
    if (value === "") continue;
    const how = config.given[name] === undefined ? "is not in the file" : "comes before the file";
    await out.write(`        ${variable}=${withoutCredentials(value)} is set here, and ${how}\n`);
  }
}

function madeText({ what, state, detail, hint }: Made, { command }: Io): string {
  const margin = " ".repeat("failed".length + 2);
  const below = hint === undefined ? "" : `${margin}${inCallersWords(hint, command)}\n`;
  return `${state.padEnd("failed".length)}  ${what}: ${withoutCredentials(detail)}\n${below}`;
}

function refusedText(refused: number, io: Io): string {
  const what = counted(refused, "thing could not be made", "things could not be made");
  return `\n${what}; what is made stays, and the same command goes on: ${commandLine(io, io.words)}\n`;
}

function next(dataset: string, create: boolean, io: Io): string {
  const steps = [
    ...(create ? [] : [["what it names is made, where absent", ["init", "--create"]] as const]),
    ["all of it is tried", ["doctor"]] as const,
    ["a run", ["run", "<analysis>", "--data", dataset]] as const,
  ];
  const commands = steps.map(([, words]) => [...io.command, ...words].join(" "));
  const width = Math.max(...commands.map(({ length }) => length));
  const lines = steps.map(([why], index) => `  ${(commands[index] ?? "").padEnd(width)}  ${why}`);
  return `\nNext:\n${lines.join("\n")}\n`;
}

async function stopped(io: Io, json: boolean): Promise<number> {
  await io.err.write(`Stopped; what is made stays. To go on: ${commandLine(io, io.words)}\n`);
  return await reportInterrupt(io, json);
}
