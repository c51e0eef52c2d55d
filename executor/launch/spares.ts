/**
 * Executors that are started before their job is known, so that a job does not wait for Node to start. Each still serves one
 * job and ends with it: what one analysis did to its process, no other job sees.
 *
 *   starting --says that it waits--> ready --take()--> a job's own      (its folders are the attempt's from then on)
 *            --ends, whatever the reason--> forgotten, its folders removed; a job that finds none starts its own
 *
 * A spare has read nothing but Spotfold's own code: bundle and parameters come with the job. It holds the same limits and rights
 * as any executor, dies with its parent, and says nothing before it has a task.
 */
import { randomBytes } from "node:crypto";
import type { Child } from "./child.ts";
import { makeFolders, removeFolders } from "./folders.ts";
import type { AttemptFolders } from "./folders.ts";
import { startExecutor } from "./slot.ts";
import type { MemoryLimits } from "./slot.ts";

/** A start that takes longer than this is not waited for: the job's own could take as long. */
const readyMsMax = 2_000;

export interface SparesOptions {
  /** As of the runner. */
  readonly scratch: string;
  /** How many are kept: one for each slot. */
  readonly most: number;
  /** Of most jobs; one with other limits gets an executor of its own. */
  readonly limits: MemoryLimits;
}

export interface Spare {
  /** Of its folders, below the scratch folder. */
  readonly name: string;
  readonly folders: AttemptFolders;
  readonly executor: Child;
}

export class Spares {
  readonly #options: SparesOptions;
  /** Started, and taken by nobody. */
  readonly #untaken = new Set<Spare>();
  readonly #ready: Spare[] = [];
  #starting = 0;
  #closed = false;
  #change = Promise.withResolvers<void>();

  constructor(options: SparesOptions) {
    this.#options = options;
  }

  /** Starts as many as are missing for `jobs` that may begin. */
  prepare(jobs: number): void {
    while (!this.#closed && this.#living().length + this.#starting < Math.min(jobs, this.#options.most)) {
      this.#starting++;
      void this.#start();
    }
  }

  /**
   * Prepares for `jobs` that may begin, and answers for how many there is an executor now, at least 1: it waits for the first,
   * until `signal` aborts, but not for one that does not come. After that nothing is prepared: no job will begin.
   */
  async ready(jobs: number, signal: AbortSignal): Promise<number> {
    if (signal.aborted) return 1;
    this.prepare(jobs);
    const over = AbortSignal.any([signal, AbortSignal.timeout(readyMsMax)]);
    const late = new Promise((resolve) => over.addEventListener("abort", resolve, { once: true }));
    while (!over.aborted && this.#living().length === 0 && this.#starting > 0) {
      await Promise.race([this.#change.promise, late]);
    }
    return Math.max(1, Math.min(jobs, this.#living().length));
  }

  /** One that is ready and fits, for its taker alone; null when there is none. */
  take({ heapBytesMax, rssBytesMax }: MemoryLimits): Spare | null {
    const { limits } = this.#options;
    if (heapBytesMax !== limits.heapBytesMax || rssBytesMax !== limits.rssBytesMax) return null;
    const [spare] = this.#living();
    if (spare === undefined) return null;
    this.#ready.splice(this.#ready.indexOf(spare), 1);
    this.#untaken.delete(spare);
    return spare;
  }

  /** Ends all, and waits for their ends. None is started afterwards. */
  async close(): Promise<void> {
    this.#closed = true;
    const untaken = [...this.#untaken].map(({ executor }) => executor);
    for (const executor of untaken) executor.kill("finished");
    await Promise.all(untaken.map(async (executor) => await executor.ended));
  }

  async #start(): Promise<void> {
    const { scratch, limits } = this.#options;
    const name = `spare-${randomBytes(8).toString("hex")}`;
    try {
      const folders = await makeFolders(scratch, name);
      if (this.#closed) {
        await this.#remove(name);
        return;
      }
      const spare = { name, folders, executor: startExecutor(folders, limits) };
      this.#untaken.add(spare);
      void spare.executor.ended.then(async () => await this.#forget(spare));
      await spare.executor.waiting;
      if (lives(spare) && !this.#closed) this.#ready.push(spare);
    } catch {
      // A full disk, a limit on processes: the job that needs one finds out, and says it.
      await this.#remove(name);
    } finally {
      this.#starting--;
      this.#changed();
    }
  }

  /** It has ended: one that nobody took leaves nothing. */
  async #forget(spare: Spare): Promise<void> {
    if (!this.#untaken.delete(spare)) return;
    const index = this.#ready.indexOf(spare);
    if (index >= 0) this.#ready.splice(index, 1);
    this.#changed();
    await this.#remove(spare.name);
  }

  /** Those of the ready that still are: one that ended is forgotten only once all that it said was read. */
  #living(): readonly Spare[] {
    return this.#ready.filter(lives);
  }

  async #remove(name: string): Promise<void> {
    await removeFolders(this.#options.scratch, name).catch(() => undefined);
  }

  #changed(): void {
    this.#change.resolve();
    this.#change = Promise.withResolvers<void>();
  }
}

function lives({ executor: { process: of } }: Spare): boolean {
  return of.exitCode === null && of.signalCode === null;
}
