/**
 * Runs user code on segments, in real children: the master's and the CLI's `Executors`. Each call has a folder of its own,
 * which is gone when the call's result is released, or at once when it fails.
 */
import { randomBytes } from "node:crypto";
import { createWriteStream } from "node:fs";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { SpotfoldError } from "../../shared/errors.ts";
import type { HttpTerms } from "../../shared/http-terms.ts";
import { SegmentWriter } from "../../shared/segment/writer.ts";
import type { ChildRendered, ChildSlice, ExecutorTask } from "../children/protocol.ts";
import type { RunInfo } from "../core/runs.ts";
import type {
  AnalysisDescription,
  AttemptSegment,
  BundleRef,
  Executors,
  MergeTask,
  Rendered,
  RenderedUnit,
  RenderTask,
} from "../types.ts";
import { checkBundle } from "./check.ts";
import type { Child } from "./child.ts";
import { makeFolders, placeBundle, removeFolders } from "./folders.ts";
import type { AttemptFolders, PlacedBundle } from "./folders.ts";
import { localSlices } from "./local-slices.ts";
import { openPack } from "./pack.ts";
import type { OpenPack } from "./pack.ts";
import { segmentAt } from "./runner.ts";
import { runTask } from "./task.ts";
import type { TaskLimits, TaskOptions } from "./task.ts";

export interface ChildExecutorsOptions {
  /** Folder for the tasks' folders; one process's alone. */
  readonly scratch: string;
  readonly limits: TaskLimits;
  /** As of `childRunner`: for the block of a check. */
  readonly http?: () => HttpTerms;
}

/** The last and only file name of a merge's work folder that is read afterwards. */
const mergedName = "merged";

/** Files of a rendering's work folder that are read afterwards begin so. */
const packName = "site";

export class ChildExecutors implements Executors {
  readonly #options: ChildExecutorsOptions;

  constructor(options: ChildExecutorsOptions) {
    this.#options = options;
  }

  async describe(bundle: BundleRef): Promise<AnalysisDescription> {
    return (await this.check({ bundle, sample: null })).description;
  }

  async check(task: Parameters<Executors["check"]>[0]): ReturnType<Executors["check"]> {
    const { limits, http = () => ({}) } = this.#options;
    return await this.#inFolders(task.bundle, async (folders, bundle, release) => {
      const result = await checkBundle(folders, bundle, task, limits, http);
      await release();
      return result;
    });
  }

  async merge(task: MergeTask): Promise<AttemptSegment & { release(): Promise<void> }> {
    return await this.#inFolders(task.bundle, async (folders, bundle, release) => {
      const slices = await localSlices(task.slices, folders.code);
      let run: RunInfo | null = null;
      await this.#run(folders, segmentTask("merge", task, folders, bundle, slices), slices, {
        hear: (message) => message.say === "merged" && (run = message.run),
      });
      const path = join(folders.work, mergedName);
      const segment = segmentAt(path, run ?? (await emptyRun(path, task.columns)));
      return { ...segment, release };
    });
  }

  async render(task: RenderTask): Promise<Rendered> {
    return await this.#inFolders(task.bundle, async (folders, bundle, release) => {
      const slices = await localSlices(task.slices, folders.code);
      const rendered: ChildRendered[] = [];
      const { units: asked, stamp } = task;
      const message = { ...segmentTask("render", task, folders, bundle, slices), units: asked, stamp, pack: packName };
      await this.#run(folders, message, slices, {
        hear: (said) => said.say === "rendered" && rendered.push(said.unit),
      });
      if (rendered.length !== asked.length)
        throw new SpotfoldError("internal", `an executor rendered ${rendered.length} of ${asked.length} units`);
      const packs: OpenPack[] = [];
      const close = async (): Promise<void> => {
        for (const pack of packs) await pack.close();
      };
      try {
        const units: RenderedUnit[] = [];
        for (const [number, unit] of rendered.entries()) {
          const pack = await openPack(join(folders.work, `${packName}-${number}`), unit.files);
          packs.push(pack);
          units.push({ ...unit, files: pack.files });
        }
        return { units, release: async () => (await close(), await release()) };
      } catch (error) {
        await close();
        throw error;
      }
    });
  }

  async *results(task: Parameters<Executors["results"]>[0]): AsyncGenerator<Uint8Array, void, undefined> {
    const name = taskName();
    const folders = await makeFolders(this.#options.scratch, name);
    let child: Child | null = null;
    try {
      const bundle = await placeBundle(folders, task.bundle);
      const slices = await localSlices(task.slices, folders.code);
      const { format, prefix } = task;
      const message = { ...segmentTask("results", task, folders, bundle, slices), format, prefix };
      const ended = this.#run(folders, message, slices, {
        hear: () => undefined,
        started: (started) => (child = started),
      });
      const lines = (child as Child | null)?.lines;
      // Its failure is thrown below, after the lines that came before it.
      ended.catch(() => undefined);
      if (lines !== null && lines !== undefined) for await (const chunk of lines) yield chunk as Uint8Array;
      await ended;
    } finally {
      (child as Child | null)?.kill("finished");
      await removeFolders(this.#options.scratch, name);
    }
  }

  async #inFolders<T>(
    bundle: BundleRef,
    use: (folders: AttemptFolders, placed: PlacedBundle, release: () => Promise<void>) => Promise<T>,
  ): Promise<T> {
    const name = taskName();
    const release = (): Promise<void> => removeFolders(this.#options.scratch, name);
    try {
      const folders = await makeFolders(this.#options.scratch, name);
      return await use(folders, await placeBundle(folders, bundle), release);
    } catch (error) {
      await release();
      throw error;
    }
  }

  async #run(
    folders: AttemptFolders,
    task: ExecutorTask,
    slices: readonly ChildSlice[],
    rest: Pick<TaskOptions, "hear" | "started">,
  ): Promise<void> {
    // What lies in the folder of the code may be read anyway.
    const read = new Set(slices.map((slice) => slice.path).filter((path) => dirname(path) !== folders.code));
    await runTask(task, { folders, read: [...read], limits: this.#options.limits, ...rest });
  }
}

function taskName(): string {
  return `task-${randomBytes(8).toString("hex")}`;
}

function segmentTask<T extends string>(
  task: T,
  { columns, publishBy }: MergeTask,
  folders: AttemptFolders,
  bundle: PlacedBundle,
  slices: readonly ChildSlice[],
) {
  return {
    task,
    token: "",
    bundle,
    scratch: folders.work,
    columns,
    publishBy,
    slices,
  };
}

/** Slices without entries merge into a segment without entries. */
async function emptyRun(path: string, columns: number): Promise<RunInfo> {
  const parts: Uint8Array[] = [];
  const summary = new SegmentWriter((bytes) => void parts.push(bytes), { columns: columns + 1 }).finish();
  await pipeline(Readable.from(parts), createWriteStream(path, { flags: "wx" }));
  const { entries, bytes, rawBytes } = summary;
  return { name: mergedName, entries, bytes, rawBytes, firstKey: "", lastKey: "", partitions: [], units: [] };
}
