/**
 * What tests called of AWS, in the words of policies: test/aws-actions.json lists, for each command of spotfold, the actions
 * and the resources that it used. moto-server.py writes down each kind of request; when a moto is stopped, what it was asked for
 * is looked up there, and an action that is not in the list fails the run. What was not called in a run is not missed, so that
 * a part of the suites can be run alone. `npm run test:aws-actions` writes the list anew.
 *
 * Who called is told by AWS_SDK_UA_APP_ID, which test/e2e/spotfold.ts sets to the command's name and the SDK sends. Requests that
 * a store lent (signed URLs) are `lent`; those of the tests themselves, and of processes that say no name, are `tests`, on any
 * resource.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { partOf } from "./aws-places.ts";
import { repositoryRoot } from "./requirements.ts";

export const actionsFile: string = join(repositoryRoot, "test/aws-actions.json");
/** Of scripts/aws-actions.ts: what was called is put into a file of this folder, and nothing is looked up. */
export const collectVariable = "SPOTFOLD_TEST_AWS_ACTIONS_TO";

/** By caller, then by action: resources, sorted. */
export type Actions = Record<string, Record<string, string[]>>;

/** A line of calls.ndjson. */
export interface Call {
  readonly method: string;
  /** `/bucket/key`, decoded. */
  readonly path: string;
  readonly query: string;
  /** `AmazonSQS.SendMessageBatch`, or nothing. */
  readonly target: string;
  readonly agent: string;
  readonly authorization: string;
  /** A queue's URL or name. */
  readonly queue?: string;
  /** Of one request that deletes several blobs. */
  readonly keys?: readonly string[];
}

/** What else a request for a bucket may be about, and what policies call it after `Get` and `Put`. */
const bucketParts: Readonly<Record<string, string>> = {
  cors: "BucketCORS",
  encryption: "EncryptionConfiguration",
  lifecycle: "LifecycleConfiguration",
  location: "BucketLocation",
  ownershipControls: "BucketOwnershipControls",
  policy: "BucketPolicy",
  publicAccessBlock: "BucketPublicAccessBlock",
  tagging: "BucketTagging",
  versioning: "BucketVersioning",
  website: "BucketWebsite",
};

/** The folders of a work store (shared/names.ts, shared/store-probe.ts, and the doctor's own). */
const storeFolders = /^(aggregates|bundles|doctor|inbox|inputs|master|probe|runs|workers)\//;

function callerOf({ agent, authorization, query }: Call): string {
  const app = /\bapp\/([\w-]+)/.exec(agent)?.[1];
  if (app !== undefined) return app;
  return authorization === "" && /\bX-Amz-Signature=/i.test(query) ? "lent" : "tests";
}

/** `path`: bucket and key, or bucket and prefix. */
function resourceOf(path: string): string {
  const found = partOf(path);
  if (found === undefined) return "data/*";
  const folder = found.part === "store" ? storeFolders.exec(`${found.key}/`)?.[1] : undefined;
  return folder === undefined ? `${found.part}/*` : `${found.part}/${folder}/*`;
}

interface Used {
  readonly action: string;
  readonly resource: string;
}

function sqsUse({ target, queue = "" }: Call): Used {
  const action = target.replace("AmazonSQS.", "sqs:").replace(/Batch$/, "");
  return { action, resource: `queue/${/-(jobs|ready|dead)$/.exec(queue)?.[1] ?? "*"}` };
}

function bucketUse({ method, query, keys = [] }: Call, bucket: string): Used[] {
  const asked = new URLSearchParams(query);
  const part = Object.keys(bucketParts).find((name) => asked.has(name));
  if (part !== undefined) {
    return [{ action: `s3:${method === "GET" ? "Get" : "Put"}${bucketParts[part] ?? ""}`, resource: "bucket" }];
  }
  if (method === "POST" && asked.has("delete")) {
    return keys.map((key) => ({ action: "s3:DeleteObject", resource: resourceOf(`${bucket}/${key}`) }));
  }
  if (method === "GET" && asked.has("uploads"))
    return [{ action: "s3:ListBucketMultipartUploads", resource: "bucket" }];
  if (method === "GET") {
    return [{ action: "s3:ListBucket", resource: resourceOf(`${bucket}/${asked.get("prefix") ?? ""}`) }];
  }
  const action = { HEAD: "s3:ListBucket", PUT: "s3:CreateBucket", DELETE: "s3:DeleteBucket" }[method];
  return [{ action: action ?? `s3: ${method} ?${query}`, resource: "bucket" }];
}

function keyUse({ method, query }: Call, path: string): Used {
  const asked = new URLSearchParams(query);
  const upload = asked.has("uploadId");
  const action = {
    GET: upload ? "s3:ListMultipartUploadParts" : "s3:GetObject",
    HEAD: "s3:GetObject",
    PUT: "s3:PutObject",
    POST: "s3:PutObject",
    DELETE: upload ? "s3:AbortMultipartUpload" : "s3:DeleteObject",
  }[method];
  return { action: action ?? `s3: ${method} ?${query}`, resource: resourceOf(path) };
}

function usesOf(call: Call): Used[] {
  if (call.target.startsWith("AmazonSQS.")) return [sqsUse(call)];
  const service = /Credential=[^/]*\/\d+\/[^/]+\/([\w-]+)\//.exec(call.authorization)?.[1] ?? "s3";
  if (service !== "s3") return [{ action: `${service}: ${call.target || call.query || call.method}`, resource: "*" }];
  const [bucket = "", ...key] = call.path.slice(1).split("/");
  if (bucket === "") return [{ action: "s3:ListAllMyBuckets", resource: "*" }];
  return key.join("") === "" ? bucketUse(call, bucket) : [keyUse(call, `${bucket}/${key.join("/")}`)];
}

/** Puts what a call used into `actions`. moto's own pages are no calls of AWS. */
export function addCall(actions: Actions, call: Call): void {
  if (call.path.startsWith("/moto-api")) return;
  const caller = callerOf(call);
  for (const { action, resource } of usesOf(call)) addUse(actions, caller, action, caller === "tests" ? "*" : resource);
}

export function addUse(actions: Actions, caller: string, action: string, resource: string): void {
  const resources = ((actions[caller] ??= {})[action] ??= []);
  if (!resources.includes(resource)) resources.push(resource);
}

/** `caller action resource` of what is in `used` and not in `known`. Tests may call what they like: no policy is theirs. */
export function unknownUses(used: Actions, known: Actions): string[] {
  const commands = Object.entries(used).filter(([caller]) => caller !== "tests");
  return commands.flatMap(([caller, actions]) =>
    Object.entries(actions).flatMap(([action, resources]) =>
      resources
        .filter((resource) => known[caller]?.[action]?.includes(resource) !== true)
        .map((resource) => `${caller} ${action} ${resource}`),
    ),
  );
}

/** What a moto wrote down, when it is stopped. Throws when something of it does not stand in the list. */
export function checkCalls(file: string, collectTo: string | null = process.env[collectVariable] ?? null): void {
  if (!existsSync(file)) return;
  const used: Actions = {};
  for (const line of readFileSync(file, "utf8").split("\n")) {
    // The last line of a server that was killed may be half a line.
    if (line.endsWith("}")) addCall(used, JSON.parse(line) as Call);
  }
  if (collectTo !== null) {
    writeFileSync(join(collectTo, `${process.pid}-${process.hrtime.bigint()}.json`), JSON.stringify(used));
    return;
  }
  const unknown = unknownUses(used, JSON.parse(readFileSync(actionsFile, "utf8")) as Actions);
  if (unknown.length === 0) return;
  const command = "npm run test:aws-actions -- FILE_OF_THE_TEST";
  throw new Error(`not in test/aws-actions.json (${command} adds it, if it should be):\n  ${unknown.join("\n  ")}`);
}
