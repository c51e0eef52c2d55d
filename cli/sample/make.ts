/**
 * Makes a synthetic telemetry data set in a folder, on all cores:
 *
 *   <folder>/blocks/<telemetry key>                 what --data names
 *   <folder>/definitions/Histograms.json            what --definitions names
 *   <folder>/sample.json                            what it was made with
 *   <folder>/.partial/<process>/<random>            blocks that are being written; gone at the end
 *
 * A block has its name only when it is whole and on disk, so a folder in which a sample was interrupted (Ctrl-C, kill -9, a
 * full disk) is one with fewer blocks: the same command makes the rest. Other options in the same folder are refused, for
 * blocks of two samples may have the same names. The same seed gives the same bytes, whatever the number of cores.
 */
import { readFile, readdir, rm, stat } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { sampleBlock, sampleDefinitions } from "../../jobs/sample/index.ts";
import { systemRandom } from "../../shared/clock.ts";
import { codeOf, SpotfoldError } from "../../shared/errors.ts";
import { nodeDisk } from "../../shared/local/folder-store/disk.ts";
import { translated } from "../../shared/local/system-errors.ts";
import { makeRoot } from "../../shared/local/folder-store/prepare.ts";
import { makeFolders } from "../../shared/local/make-folders.ts";
import { isDeadHere, newProcessName } from "../compose/process-id.ts";
import { writeWhole } from "./files.ts";
import type { SampleRequest } from "./options.ts";
import { runThreads } from "./threads.ts";

export const blocksFolder = "blocks";
export const definitionsFile = join("definitions", "Histograms.json");
const requestFile = "sample.json";
const partialFolder = ".partial";

export interface SampleProgress {
  /** Blocks that are there, those of earlier calls included. */
  readonly blocks: number;
  readonly blocksTotal: number;
  /** Made by this call. Bytes. */
  readonly rawBytes: number;
  readonly bytes: number;
}

export interface SampleResult {
  /** Absolute; for `--data` and `--definitions`. */
  readonly data: string;
  readonly definitions: string;
  /** Absolute paths of all blocks by index. */
  readonly paths: readonly string[];
  /** Blocks that this call wrote, and that were there. */
  readonly made: number;
  readonly kept: number;
  /** Of the blocks that it wrote. */
  readonly rawBytes: number;
  readonly bytes: number;
}

export interface SampleHooks {
  readonly onProgress?: (progress: SampleProgress) => void;
  /** Ends it, with no half block left; rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Fails with `usage` for a folder that holds something else, `disk-full`, `access-denied`, `read-only`. */
export async function makeSample(request: SampleRequest, hooks: SampleHooks = {}): Promise<SampleResult> {
  const { folder } = request;
  try {
    await prepare(request);
    return await inPartial(folder, async (partial) => await makeBlocks(request, partial, hooks));
  } catch (error) {
    throw translated(error, { store: `file:${folder}`, path: folder });
  }
}

/** The description first: what is in the folder afterwards belongs to it. */
async function prepare(request: SampleRequest): Promise<void> {
  const { folder, blocks, recordsPerBlock, seed, codecs } = request;
  // Step by step: a recursive mkdir hides why it failed.
  await makeRoot(folder, nodeDisk);
  const text = `${JSON.stringify({ format: 1, blocks, recordsPerBlock, seed, codecs })}\n`;
  const file = join(folder, requestFile);
  const known = await textOf(file);
  if (known !== undefined && known !== text) {
    throw new SpotfoldError("usage", `${folder} holds a sample that was made with other options: ${known.trim()}`, {
      hint: "Give the same options again, choose another folder, or remove this one.",
      context: { folder },
    });
  }
  if (known === undefined && (await isThere(join(folder, blocksFolder)))) {
    throw new SpotfoldError("usage", `${folder} has blocks already that no sample made`, {
      hint: "Choose another folder: a sample keeps to its own.",
      context: { folder },
    });
  }
  makeFolders(join(folder, blocksFolder));
  const definitions = `${JSON.stringify(sampleDefinitions(), null, 1)}\n`;
  await inPartial(folder, async (partial) => {
    if (known === undefined) await writeWhole(file, [Buffer.from(text)], partial);
    if ((await textOf(join(folder, definitionsFile))) === definitions) return;
    await writeWhole(join(folder, definitionsFile), [Buffer.from(definitions)], partial);
  });
}

async function makeBlocks(request: SampleRequest, partial: string, hooks: SampleHooks): Promise<SampleResult> {
  const { folder, blocks, codecs, seed } = request;
  const data = join(folder, blocksFolder);
  const paths = Array.from({ length: blocks }, (_, index) => {
    const codec = codecs[index % codecs.length] ?? "plain";
    const { key } = sampleBlock(seed, index, { records: 0 });
    return join(data, `${key}${codec === "plain" ? "" : `.${codec}`}`);
  });
  const there = await Promise.all(paths.map(async (path) => await isThere(path)));
  const due = [...paths.entries()].filter(([index]) => there[index] !== true);
  const kept = blocks - due.length;
  let [made, rawBytes, bytes] = [0, 0, 0];
  const report = (): void => hooks.onProgress?.({ blocks: kept + made, blocksTotal: blocks, rawBytes, bytes });
  report();
  await runThreads({
    tasks: due.map(([index, path]) => ({ index, path, partial, seed, records: request.recordsPerBlock })),
    threads: availableParallelism(),
    done: (block) => {
      made++;
      rawBytes += block.rawBytes;
      bytes += block.bytes;
      report();
    },
    ...(hooks.signal === undefined ? {} : { signal: hooks.signal }),
  });
  return { data, definitions: join(folder, definitionsFile), paths, made, kept, rawBytes, bytes };
}

/** A folder for half files, on the same disk; what dead processes left beside it goes, too. */
async function inPartial<Result>(folder: string, use: (partial: string) => Promise<Result>): Promise<Result> {
  const above = join(folder, partialFolder);
  const partial = join(above, newProcessName(systemRandom));
  makeFolders(partial);
  try {
    return await use(partial);
  } finally {
    await rm(partial, { recursive: true, force: true });
    const left = await readdir(above).catch(() => []);
    const dead = left.filter((name) => isDeadHere(name));
    for (const name of dead) await rm(join(above, name), { recursive: true, force: true });
    if (dead.length === left.length) await rm(above, { recursive: true, force: true });
  }
}

async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(absentAsUndefined)) !== undefined;
}

async function textOf(path: string): Promise<string | undefined> {
  return await readFile(path, "utf8").catch(absentAsUndefined);
}

function absentAsUndefined(error: unknown): undefined {
  if (codeOf(error) !== "ENOENT") throw error;
  return undefined;
}
