/**
 * What the status page looks at: work store, web store and queue, opened when they are first there, so that the page may be
 * started before the first run. Nothing is made.
 */
import { existsSync } from "node:fs";
import { isSqsPlace } from "../../shared/aws/sqs/place.ts";
import type { Settings } from "../../shared/config/settings.ts";
import { codeOf, messageOf } from "../../shared/errors.ts";
import type { BlobStore } from "../../shared/ports/blob-store.ts";
import type { JobQueue } from "../../shared/ports/job-queue.ts";
import { openLook, type Look } from "../compose/look.ts";
import { openPublished, openQueues } from "../compose/ports.ts";
import type { Scope } from "../compose/scope.ts";

export interface OpenedQueues {
  readonly jobs: JobQueue;
  readonly dead: JobQueue | null;
}

/** Each answers null as long as there is none. */
export interface Places {
  look(): Promise<Look | null>;
  web(): Promise<BlobStore | null>;
  /** A text: why it cannot be asked. */
  queues(): Promise<OpenedQueues | string>;
}

export function placesOf(settings: Settings, scope: Scope): Places {
  let look: Look | null = null;
  let web: BlobStore | null = null;
  let queues: OpenedQueues | null = null;
  return {
    look: async () => (look ??= await unlessAbsent(async () => await openLook(settings, scope))),
    web: async () => (web ??= await unlessAbsent(async () => await openPublished(settings, scope))),
    queues: async () => {
      if (queues !== null) return queues;
      if (!isSqsPlace(settings.queue) && !existsSync(settings.queue)) return "there is no queue yet";
      try {
        return (queues = await openQueues(settings, scope));
      } catch (error) {
        return messageOf(error);
      }
    },
  };
}

async function unlessAbsent<Result>(open: () => Promise<Result>): Promise<Result | null> {
  try {
    return await open();
  } catch (error) {
    if (codeOf(error) === "no-such-store") return null;
    throw error;
  }
}
