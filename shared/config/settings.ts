/**
 * The settings of one process, read once: flags, then `SPOTFOLD_*`, then `spotfold.config.json` in the caller's folder, then
 * defaults. Everything that is wrong is reported together. Relative paths belong to the caller's folder; those in the file,
 * to the file's, which is the same.
 */
import { readFileSync } from "node:fs";
import { extname, join, resolve } from "node:path";
import type { AwsOptions } from "../aws/client.ts";
import { requestMsMaxDefault, silentMsMaxDefault } from "../aws/patience.ts";
import { isSqsPlace, parseSqsPlace } from "../aws/sqs/place.ts";
import { normaliseStorePlace } from "../dataset/place.ts";
import type { DatasetSpec } from "../dataset/types.ts";
import { SpotfoldError, codeOf, messageOf } from "../errors.ts";
import { parseCommentedJson } from "./comments.ts";
import { readDatasets } from "./datasets.ts";
import { awsOptions } from "./aws.ts";
import { callerFolder } from "./environment.ts";
import type { Environment } from "./environment.ts";
import { fields } from "./fields.ts";
import { throwProblems, withoutCredentials } from "./problems.ts";
import type { Problem } from "./problems.ts";
import { fromCommandLine, fromFile, fromVariables } from "./sources.ts";
import type { Setting, Source } from "./sources.ts";
import { scaled, timingNames, timingProblems } from "./timing.ts";
import type { Timing, TimingName } from "./timing.ts";

/** Of a setting that nobody gave. */
const defaultSource = "default";

export const configFileName = "spotfold.config.json";

/** What user code may use. Bytes. */
export interface Limits {
  readonly executorHeapBytes: number;
  readonly executorRssBytes: number;
  /** An attempt's state is drained to disk when it is so big. */
  readonly checkpointStateBytes: number;
}

export interface Settings {
  /** The caller's: where relative paths belong. Absolute. */
  readonly folder: string;
  /** Absolute; null when there is none. */
  readonly configFile: string | null;
  /** The work store: `file:/absolute/folder` or `s3://bucket/prefix`. */
  readonly store: string;
  /** The queues: the absolute path of their file, `sqs://name`, or a queue's URL (shared/aws/sqs/place.ts). */
  readonly queue: string;
  /** The catalog's file. Absolute. */
  readonly catalog: string;
  /** The web store: `file:/absolute/folder` or `s3://bucket/prefix`. */
  readonly web: string;
  /** A local folder for scratch files and caches. Absolute. */
  readonly work: string;
  /** SSE-KMS with this key (id, ARN or alias) for all that is written to the work store, if that is a bucket. Absent: the bucket's default. */
  readonly storeKmsKeyId?: string;
  /** The same for the web store. */
  readonly webKmsKeyId?: string;
  readonly slots: number;
  /** In the file's order. */
  readonly datasets: readonly DatasetSpec[];
  /** A later sync of a store in the cloud looks only at so many days. */
  readonly recentDays: number;
  /** Where daemons serve `/healthz` and `/metrics` on this machine; 0: any port that is free. */
  readonly metricsPort: number;
  /** All bodies of one batch of messages that is sent to SQS. */
  readonly queueBatchBytes: number;
  readonly limits: Limits;
  readonly timing: Timing;
  /** As AWS's own variables say. Not a setting: every tool of AWS reads them. */
  readonly aws: AwsOptions;
}

/** What a command's flags may set, by field name; text is taken for a number where one is due. */
export type CommandLineSettings = Readonly<
  Partial<
    Record<
      "store" | "queue" | "catalog" | "web" | "work" | "slots" | "recentDays" | "metricsPort",
      string | number | undefined
    >
  >
>;

function readConfigFile(file: string): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    throw new SpotfoldError("invalid-config", `The file ${file} cannot be read: ${messageOf(error)}`, {
      hint: "Make it readable, or move it away.",
      context: { file },
      cause: error,
    });
  }
}

/** Throws SpotfoldError `invalid-config` that names every problem. Writes nothing and makes no folder. */
export function readSettings(given: CommandLineSettings, environment: Environment): Settings {
  const folder = callerFolder(environment);
  const file = join(folder, configFileName);
  const text = readConfigFile(file);
  const content: unknown = text === null ? {} : parseCommentedJson(text, file);
  const inFile = fromFile(content, configFileName, folder);
  const sources: Source[] = [fromCommandLine(given, folder), fromVariables(environment.variables, folder), inFile];
  const problems: Problem[] = sources.flatMap((source) => source.problems);
  const datasets = readDatasets(inFile.datasets, configFileName, folder, problems);
  const settings = new Map<string, Setting>();
  for (const [name, field] of fields) {
    const set = sources.map((source) => source.settings.get(name)).find((setting) => setting !== undefined);
    if (set !== undefined) settings.set(name, set);
    else if (field.default !== undefined) settings.set(name, { value: field.default, source: defaultSource, folder });
  }
  const configFile = text === null ? null : file;
  const result = assemble(settings, problems, { folder, configFile, datasets, aws: awsOptions(environment.variables) });
  throwProblems(problems);
  return result;
}

function assemble(
  settings: ReadonlyMap<string, Setting>,
  problems: Problem[],
  rest: Pick<Settings, "folder" | "configFile" | "datasets" | "aws">,
): Settings {
  const of = (name: string): Setting => settings.get(name) as Setting;
  const numberOf = (name: string): number => of(name).value as number;
  const textIfGiven = <Name extends string>(name: Name): Partial<Record<Name, string>> => {
    const value = settings.get(name)?.value;
    return value === undefined ? {} : ({ [name]: String(value) } as Record<Name, string>);
  };
  const pathOf = (name: string): string => resolve(of(name).folder, String(of(name).value));
  /** What `read` gives; what it refuses is noted. */
  const parsed = (name: string, must: string, read: (text: string, folder: string) => string): string => {
    const { value, source, folder } = of(name);
    try {
      return read(String(value), folder);
    } catch (error) {
      if (!(error instanceof SpotfoldError)) throw error;
      problems.push({ field: name, value, rule: `must be ${must}: ${withoutCredentials(error.message)}`, source });
      return "";
    }
  };
  const placeOf = (name: string): string => parsed(name, "a folder or s3://bucket/prefix", normaliseStorePlace);
  const limits: Limits = Object.freeze({
    executorHeapBytes: numberOf("limits.executorHeapBytes"),
    executorRssBytes: numberOf("limits.executorRssBytes"),
    checkpointStateBytes: checkpointBytes(of("limits.checkpointStateBytes"), numberOf("limits.executorHeapBytes")),
  });
  problems.push(...limitProblems(limits, of));
  const times = Object.fromEntries(timingNames.map((name) => [name, numberOf(`timing.${name}`)]));
  const timing = scaled(times as Record<TimingName, number>, numberOf("timing.scale"));
  problems.push(...timingProblems(timing, (name) => of(`timing.${name}`).source));
  return Object.freeze({
    ...rest,
    aws: withPatience(rest.aws, timing.scale),
    datasets: Object.freeze([...rest.datasets]),
    store: placeOf("store"),
    queue: parsed("queue", "a file, sqs://name or a queue's URL", queuePlace),
    catalog: pathOf("catalog"),
    web: placeOf("web"),
    work: pathOf("work"),
    ...textIfGiven("storeKmsKeyId"),
    ...textIfGiven("webKmsKeyId"),
    slots: numberOf("slots"),
    recentDays: numberOf("recentDays"),
    metricsPort: numberOf("metricsPort"),
    queueBatchBytes: numberOf("queueBatchBytes"),
    limits,
    timing,
  });
}

/** Tests with short times wait no minute for a server that is silent. */
function withPatience(aws: AwsOptions, scale: number): AwsOptions {
  if (scale === 1) return aws;
  return Object.freeze({ ...aws, requestMsMax: requestMsMaxDefault * scale, silentMsMax: silentMsMaxDefault * scale });
}

/** A bare word is most often a name whose `sqs://` was forgotten: a file would be made of it, and nobody else would find the jobs. */
function queuePlace(text: string, folder: string): string {
  if (isSqsPlace(text)) {
    parseSqsPlace(text);
    return text;
  }
  if (!text.includes("/") && extname(text) === "") {
    const why = `${JSON.stringify(text)} alone may be a queue of SQS or a file; write sqs://${text} or ./${text}.`;
    throw new SpotfoldError("usage", why);
  }
  if (!/^[a-z][a-z0-9+.-]+:\/\//i.test(text)) return resolve(folder, text);
  throw new SpotfoldError("usage", "Its scheme is not known.", { hint: "Give a path." });
}

/** Where nobody says it, a smaller heap makes it smaller: the setting that was given is not to be refused for one that was not. */
function checkpointBytes({ value, source }: Setting, heapBytes: number): number {
  return source === defaultSource ? Math.min(Number(value), Math.floor(heapBytes / 2)) : Number(value);
}

function limitProblems(limits: Limits, of: (name: string) => Setting): Problem[] {
  const problem = (name: keyof Limits, rule: string): Problem => {
    const { value, source } = of(`limits.${name}`);
    return { field: `limits.${name}`, value, rule, source };
  };
  const { executorHeapBytes, executorRssBytes, checkpointStateBytes } = limits;
  return [
    ...(executorHeapBytes < executorRssBytes
      ? []
      : [problem("executorHeapBytes", "must be less than limits.executorRssBytes")]),
    ...(checkpointStateBytes * 2 <= executorHeapBytes
      ? []
      : [problem("checkpointStateBytes", "must be at most half of limits.executorHeapBytes")]),
  ];
}

/** For logs: everything that a process was started with, without credentials. */
export function printable(settings: Settings): Readonly<Record<string, unknown>> {
  return JSON.parse(withoutCredentials(JSON.stringify(settings))) as Readonly<Record<string, unknown>>;
}
