/**
 * The check at submit: the bundle is loaded, its parameters are checked, and the first records of one block are mapped, all
 * in children. A block that cannot be read says nothing against the bundle: it is told, not thrown.
 */
import { randomBytes } from "node:crypto";
import { realpath } from "node:fs/promises";
import { SpotfoldError } from "../../shared/errors.ts";
import type { HttpTerms } from "../../shared/http-terms.ts";
import type {
  CheckTaskMessage,
  DecoderAnswers,
  DecoderMessage,
  DecoderTask,
  ExecutorMessage,
  SampleResult,
} from "../children/protocol.ts";
import type { AnalysisDescription, CheckResult, CheckTask, Fault } from "../types.ts";
import type { Child } from "./child.ts";
import type { AttemptFolders, PlacedBundle } from "./folders.ts";
import { silentMsOf, startDecoder } from "./slot.ts";
import { runTask } from "./task.ts";
import type { TaskLimits } from "./task.ts";

/** Decoded bytes that are mapped: some hundred records of usual size, in some milliseconds. */
export const sampleRawBytesMax = 4 * 1024 * 1024;

/** `http`: asked when the block is lent by URL. */
export async function checkBundle(
  folders: AttemptFolders,
  placed: PlacedBundle,
  task: CheckTask,
  limits: TaskLimits,
  http: () => HttpTerms,
): Promise<CheckResult> {
  const { sample } = task;
  let description: AnalysisDescription | null = null;
  let mapped: SampleResult | null = null;
  let unread: Fault | null = null;
  const hear = (message: ExecutorMessage): void => {
    if (message.say === "loaded") description = message.description;
    else if (message.say === "sampled") mapped = message.sample;
  };
  const message: CheckTaskMessage = {
    task: "check",
    token: "",
    bundle: placed,
    scratch: folders.work,
    sample: sample === null ? null : { records: sample.records, block: sample.block },
  };
  const decoder = sample === null ? null : await startSample(sample, limits, http, (fault) => (unread = fault));
  try {
    await runTask(message, { folders, read: [], limits, hear, ...(decoder === null ? {} : { decoder }) });
  } finally {
    decoder?.kill("finished");
    await decoder?.ended;
  }
  if (description === null) throw new SpotfoldError("internal", "an executor described nothing");
  return { description, mapped: unread === null ? mapped : null, unread };
}

async function startSample(
  { block, lent }: NonNullable<CheckTask["sample"]>,
  { stallMs }: TaskLimits,
  http: () => HttpTerms,
  failed: (fault: Fault) => void,
): Promise<Child> {
  const token = randomBytes(16).toString("hex");
  const read = lent.kind === "path" ? [lent.path, await realpath(lent.path).catch(() => lent.path)] : [];
  const decoder = startDecoder(read);
  decoder.onLine((line) => {
    const message = JSON.parse(line) as DecoderMessage;
    if (message.say === "lend") {
      const answers: DecoderAnswers = { token, answers: message.blocks.map((index) => ({ block: index, lent })) };
      decoder.send(answers);
    }
    if (message.say === "fault") failed(message.fault);
  });
  const { index, key, size, etag } = block;
  const blocks = [{ index, key, size, etag }];
  const task: DecoderTask = {
    token,
    blocks,
    local: lent.kind === "path",
    folder: null,
    rawBytesMax: sampleRawBytesMax,
    silentMs: silentMsOf(stallMs),
    http: lent.kind === "url" ? http() : {},
  };
  decoder.send(task);
  return decoder;
}
