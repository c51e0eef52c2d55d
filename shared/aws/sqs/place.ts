/**
 * Which queues a place names, as text; nothing is looked up here.
 *
 *   sqs://NAME           the queues NAME-jobs and NAME-ready of the account and region that the AWS configuration leads to
 *   https://…/NAME-jobs  (or http://…) the URL of the jobs queue; the ready queue is NAME-ready beside it. The URL says which
 *                        server and, for one of AWS's own names, which region
 *
 * A third queue may be beside them, NAME-dead: where the server puts a job's message that was received `receivesMax` times.
 * The jobs queue's redrive policy says so, not the place.
 */
import { SpotfoldError } from "../../errors.ts";

const jobsEnd = "-jobs";
const readyEnd = "-ready";
/** As `init --create` names it. The redrive policy of a queue that somebody else made may name any other. */
const deadEnd = "-dead";
/**
 * The most that SQS takes as a redrive policy's `maxReceiveCount`. A receive says nothing against a job (interrupted, held and
 * released ones are received again), so this is for what nobody deals with at all.
 */
export const receivesMax = 1_000;
const scheme = "sqs://";
/** SQS's 80 characters, less the longest ending. A name that ends in `.fifo` would be a queue of the other kind. */
const namePattern = /^[A-Za-z0-9_-]{1,74}$/;
/** `sqs.eu-west-1.amazonaws.com`, `sqs.eu-west-1.api.aws`, a VPC endpoint's, and the old `eu-west-1.queue.amazonaws.com`. */
const regionInHost =
  /(?:^|\.)sqs(?:-fips)?\.([a-z0-9-]+)\.(?:vpce\.)?(?:amazonaws\.com(?:\.cn)?|api\.aws)$|^([a-z0-9-]+)\.queue\.amazonaws\.com$/;

export interface QueueUrls {
  readonly jobs: string;
  readonly ready: string;
  /** Protocol, host and port of both. */
  readonly endpoint: string;
  /** Where the host tells it. */
  readonly region: string | undefined;
}

export interface QueueNames {
  readonly jobs: string;
  readonly ready: string;
}

export type QueuePlace = ({ readonly kind: "names" } & QueueNames) | ({ readonly kind: "urls" } & QueueUrls);

/** Whether the text of `--queue` means queues of SQS rather than a file. */
export function isSqsPlace(text: string): boolean {
  return /^(?:sqs|https?):/i.test(text);
}

/** The dead-letter queue's name beside a jobs queue of this name. */
export function deadQueueOf(jobs: string): string {
  return `${jobs.endsWith(jobsEnd) ? jobs.slice(0, -jobsEnd.length) : jobs}${deadEnd}`;
}

export interface QueueOwned {
  readonly name: string;
  /** Absent: the caller's own. */
  readonly account?: string;
}

const queueArn = /^arn:[^:]*:sqs:[^:]*:([0-9]*):([^:]+)$/;

/** The dead-letter queue that a `RedrivePolicy` names, in SQS's words; null for what is no such policy. */
export function deadQueueIn(policy: string): QueueOwned | null {
  try {
    const { deadLetterTargetArn: arn } = JSON.parse(policy) as { deadLetterTargetArn?: unknown };
    const [, account = "", name] = queueArn.exec(String(arn)) ?? [];
    if (name === undefined) return null;
    return account === "" ? { name } : { name, account };
  } catch {
    return null;
  }
}

/** Throws SpotfoldError `usage`. */
export function parseSqsPlace(text: string): QueuePlace {
  if (text.startsWith(scheme)) {
    const name = text.slice(scheme.length);
    const end = [jobsEnd, readyEnd].find((ending) => name.endsWith(ending));
    // A queue's own name, where the name before its ending is due: it would mean NAME-jobs-jobs.
    if (end !== undefined) throw wrong(text, `name it ${scheme}${name.slice(0, -end.length)}, without ${end}`);
    if (namePattern.test(name)) return { kind: "names", jobs: `${name}${jobsEnd}`, ready: `${name}${readyEnd}` };
    throw wrong(text, "after sqs:// comes a name of 1 to 74 letters, digits, - and _");
  }
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== "http:" && url.protocol !== "https:"))
    throw wrong(text, "it is neither sqs://NAME nor a queue's URL");
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "")
    throw wrong(text, "a queue's URL has no user, no ? and no #");
  const name = url.pathname.slice(url.pathname.lastIndexOf("/") + 1);
  if (!name.endsWith(jobsEnd) || !namePattern.test(name.slice(0, -jobsEnd.length)))
    throw wrong(text, "a queue's URL is that of the jobs queue, which ends in -jobs");
  return {
    kind: "urls",
    jobs: url.href,
    ready: `${url.href.slice(0, -jobsEnd.length)}${readyEnd}`,
    endpoint: url.origin,
    region: regionOf(url.hostname),
  };
}

/** As policies name a queue, of its URL or its name; `*` for what that does not tell. */
export function arnOf(url: string): string {
  if (!URL.canParse(url)) return `arn:aws:sqs:*:*:${url}`;
  const { hostname, pathname } = new URL(url);
  const [name = "*", account = "*"] = pathname.split("/").filter(Boolean).toReversed();
  return `arn:aws:sqs:${regionOf(hostname) ?? "*"}:${account}:${name}`;
}

function regionOf(hostname: string): string | undefined {
  const found = regionInHost.exec(hostname);
  return found?.[1] ?? found?.[2];
}

function wrong(text: string, why: string): SpotfoldError {
  return new SpotfoldError("usage", `${JSON.stringify(text)} names no queues: ${why}.`, {
    hint: "Use sqs://NAME for the queues NAME-jobs and NAME-ready, or the URL of the first; else a file.",
  });
}
