/** What a master is given: ports, children, time. Everything that a test or the simulator replaces is here. */
import type { BundleRef, Executors } from "../executor/types.ts";
import type { CataloguedBlock } from "../shared/dataset/types.ts";
import type { RowText } from "../shared/formats/block-rows.ts";
import type { Renderer } from "../shared/formats/ledger.ts";
import type { RunSpec } from "../shared/formats/run.ts";
import type { BlobBody, BlobStore } from "../shared/ports/blob-store.ts";
import type { Clock, Random } from "../shared/ports/clock.ts";
import type { JobQueue } from "../shared/ports/job-queue.ts";
import type { Ledger } from "./ledger/ledger.ts";
import type { LedgerRules } from "./ledger/rules.ts";
import type { PageFile } from "./passes/page.ts";

/** All in ms, of the store's clock where objects are compared, of our own monotonic one otherwise. */
export interface MasterTiming {
  /** A pass over the resolutions of open runs, at least. */
  readonly foldMs: number;
  readonly publishMs: number;
  readonly compactMs: number;
  readonly collectMs: number;
  /** Jobs are sent again when the queue was empty in two passes this far apart. */
  readonly resendMs: number;
  /** Between two writes of a worker's status. */
  readonly statusMs: number;
  /** Unnamed objects are deleted when they were marked so long ago. */
  readonly retainMs: number;
  /** The master lease counts as expired when it has not changed for so long. */
  readonly standbyMs: number;
  readonly scale: number;
}

/** A block as the catalog lists it. */
export interface PartitionedBlock extends CataloguedBlock {
  readonly partition: string;
}

/** What a run selects, sorted by partition, leading dimensions, key. */
export interface SelectedBlocks extends Iterable<PartitionedBlock> {
  /** The same blocks in the same order as rows of a plan, where whoever knows them writes such rows for less. */
  readonly rowTexts?: (() => Iterable<RowText>) | undefined;
}

/** The part of the executors that a master uses. */
export type MergingExecutors = Pick<Executors, "merge" | "render">;

export interface MasterContext {
  readonly id: string;
  readonly store: BlobStore;
  readonly web: BlobStore;
  readonly jobs: JobQueue;
  readonly ready: JobQueue;
  /** The jobs queue's dead-letter queue; null where there is none, or where we may not ask. */
  readonly dead: JobQueue | null;
  readonly ledger: Ledger;
  readonly rules: LedgerRules;
  readonly executors: MergingExecutors;
  /** The blocks that a run selects, as the catalog knows them now. */
  readonly blocksOf: (spec: RunSpec) => Promise<SelectedBlocks>;
  /** The bundle that merges and renders, as local files. */
  readonly bundleOf: (renderer: Renderer) => Promise<BundleRef>;
  /** The files of the page that shows what is published, `index.html` among them; none where there is no page. */
  readonly page: () => Promise<readonly PageFile[]>;
  /** Reads a file that an executor made. */
  readonly readFile: (path: string) => BlobBody;
  /** Slots of live workers, at least 1. */
  readonly liveSlots: () => Promise<number>;
  readonly timing: MasterTiming;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: (event: MasterEvent) => void;
}

/** The vocabulary of a master's log. */
export type MasterEvent =
  | {
      readonly event: "run-admitted";
      readonly run: string;
      readonly aggregate: string;
      readonly jobs: number;
      readonly blocks: number;
    }
  | { readonly event: "run-refused"; readonly run: string; readonly why: string }
  | { readonly event: "jobs-sent"; readonly run: string; readonly jobs: number; readonly again: boolean }
  | { readonly event: "dead-job-sent-again"; readonly run: string; readonly job: string; readonly receives: number }
  | { readonly event: "dead-job-dropped"; readonly run: string; readonly job: string; readonly why: string }
  | { readonly event: "dead-message-dropped"; readonly why: string; readonly text: string }
  | { readonly event: "dead-message-left"; readonly why: string; readonly text: string }
  | { readonly event: "queue-failed"; readonly what: string; readonly message: string; readonly hint?: string }
  /** After `queue-failed` of a wait for ready messages. */
  | { readonly event: "queue-back"; readonly failures: number; readonly awayMs: number }
  | { readonly event: "jobs-entered"; readonly run: string; readonly jobs: number }
  | { readonly event: "resolution-invalid"; readonly run: string; readonly job: string; readonly why: string }
  | { readonly event: "run-closed"; readonly run: string; readonly state: string }
  | {
      readonly event: "run-held";
      readonly run: string;
      /** A hold's kind. */
      readonly kind: string;
      readonly what: string;
      readonly aggregate?: string;
      readonly where?: string;
      readonly hint?: string;
    }
  | {
      /** What this master leaves to newer ones (newer-formats.ts). */
      readonly event: "left-alone";
      readonly aggregate: string;
      /** Null: all that belongs to the aggregate. */
      readonly run: string | null;
      readonly what: string;
      readonly where: string;
      readonly hint: string;
    }
  | { readonly event: "entering-waits"; readonly aggregate: string; readonly why: string }
  | {
      readonly event: "compacted";
      readonly aggregate: string;
      readonly what: "data" | "coverage";
      readonly inputs: number;
    }
  | {
      readonly event: "partition-stuck";
      readonly aggregate: string;
      readonly partition: string;
      readonly message: string;
    }
  | { readonly event: "published"; readonly aggregate: string; readonly number: number; readonly units: number }
  | { readonly event: "publish-failed"; readonly aggregate: string; readonly message: string }
  | { readonly event: "collected"; readonly aggregate: string; readonly deleted: number; readonly marked: number };
