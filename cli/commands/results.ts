/** `spotfold results`: streams an aggregate's keys and values, in key order, finished, with constant memory. */
import { systemRandom } from "../../shared/clock.ts";
import { SpotfoldError } from "../../shared/errors.ts";
import { findTarget, openLook } from "../compose/look.ts";
import { openExecutors, readRun } from "../compose/master.ts";
import { newProcessName } from "../compose/process-id.ts";
import { withScope } from "../compose/scope.ts";
import { settingsOf, type StoreOptions } from "../compose/settings.ts";
import { bundleCache, makeScratch } from "../compose/worker.ts";
import { exitCodes } from "../exit-codes.ts";
import type { Io } from "../io.ts";

export interface ResultsOptions extends StoreOptions {
  readonly format?: string;
  /** Values of the first key columns, with commas between them. */
  readonly prefix?: string;
}

export async function results(name: string, options: ResultsOptions, io: Io): Promise<number> {
  const format = options.format ?? "ndjson";
  if (format !== "ndjson" && format !== "csv") {
    throw new SpotfoldError("usage", `--format ${format} is none`, { hint: "Use ndjson or csv." });
  }
  return await withScope(async (scope) => {
    const settings = settingsOf(options, io);
    const { store, ledger } = await openLook(settings, scope);
    const { aggregate } = await findTarget(store, name);
    const { manifest } = await ledger.read(aggregate);
    if (manifest === null)
      throw new SpotfoldError("absent", `${aggregate} has no results yet`, { hint: "See spotfold status." });
    const { renderer } = manifest;
    const executors = openExecutors(settings, await makeScratch(settings, newProcessName(systemRandom), scope));
    const cache = await bundleCache(settings, store);
    const slices = manifest.data.flatMap(({ key, bytes, partitions }) =>
      partitions.map((partition) => ({ store, key, size: bytes, partition })),
    );
    const lines = executors.results({
      bundle: await cache.fetch(await readRun(store, renderer.run)),
      columns: renderer.columns,
      publishBy: renderer.publishBy,
      slices,
      format,
      prefix: prefixOf(options.prefix, renderer.columns),
    });
    return await Promise.race([written(lines, io), interrupted(io)]);
  });
}

async function written(lines: AsyncIterable<Uint8Array>, io: Io): Promise<number> {
  for await (const chunk of lines) {
    if (io.interrupts.first.aborted) break;
    await io.out.write(chunk);
  }
  return exitCodes.done;
}

/** Ends the command also where `finish` takes for ever, or nobody reads on. The child ends with this process. */
function interrupted({ interrupts: { first, exitCode } }: Io): Promise<number> {
  return new Promise((resolve) => {
    if (first.aborted) resolve(exitCode());
    else first.addEventListener("abort", () => resolve(exitCode()), { once: true });
  });
}

function prefixOf(text: string | undefined, columns: number): string[] {
  if (text === undefined || text === "") return [];
  const values = text.split(",");
  if (values.length <= columns) return values;
  throw new SpotfoldError("usage", `--prefix names ${values.length} columns; keys have ${columns}`, {
    hint: "Give the values of the first columns, with commas between them.",
  });
}
