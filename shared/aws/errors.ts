/**
 * Errors of AWS as SpotfoldErrors: one table, for every service, and the only place where names of AWS's errors get words.
 *
 * Each row says how the error is recognised, its code here, what happened and what to do. The first row that fits counts.
 * What is wrong with access, keys, credentials, bucket, region or clock is the environment's: it holds a run and makes no
 * block missing (worker/records.ts, executor/launch/causes.ts). What another try may cure is `retryable`.
 */
import { SpotfoldError } from "../errors.ts";
import type { ErrorCode } from "../errors.ts";
import { faultOf } from "./fault.ts";
import type { AwsFault } from "./fault.ts";

/** What was asked for when it went wrong. */
export interface AwsCall {
  /** For people: `s3://bucket/prefix`, `sqs://name`. */
  readonly store: string;
  /** As policies name it: `s3:GetObject`, `sqs:SendMessage`. */
  readonly action: string;
  /** As policies name it: `arn:aws:s3:::bucket/key`; or what else is known of it. */
  readonly resource: string;
  readonly key?: string;
  /** The profile that was asked for, for the command that logs in again. */
  readonly profile?: string;
}

interface Row {
  readonly fits: (fault: AwsFault) => boolean;
  readonly code: ErrorCode;
  readonly says: (fault: AwsFault, call: AwsCall) => string;
  readonly hint: (fault: AwsFault, call: AwsCall) => string;
  readonly retryable?: true;
}

const named =
  (...codes: string[]) =>
  ({ code }: AwsFault): boolean =>
    codes.includes(code.replace(/Exception$/, ""));

const policyFor = ({ action, resource }: AwsFault, call: AwsCall): string =>
  JSON.stringify({ Effect: "Allow", Action: action ?? call.action, Resource: resource ?? call.resource });

const who = ({ principal }: AwsFault): string => principal ?? "this principal";

const loginCommand = ({ profile }: AwsCall): string =>
  profile === undefined ? "aws sso login" : `aws sso login --profile ${profile}`;

const isSso = ({ message }: AwsFault): boolean => /\bsso\b|Token is expired|session has expired/i.test(message);

const kmsPattern = /^KMS\.|^Kms|^KMS/;
const networkCodes = new Set([
  "ECONNRESET",
  "ECONNREFUSED",
  "ECONNABORTED",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENETDOWN",
  "EPIPE",
  "EAI_AGAIN",
  "ENOTFOUND",
  "EMFILE",
  "NetworkingError",
]);
const throttled = named(
  "SlowDown",
  "Throttling",
  "RequestThrottled",
  "RequestLimitExceeded",
  "TooManyRequests",
  "BandwidthLimitExceeded",
  "KmsThrottled",
  "OverLimit",
);

const rows: readonly Row[] = [
  {
    fits: named("CredentialsProviderError", "TokenProviderError", "ProviderError", "CredentialsError"),
    code: "no-credentials",
    says: ({ message }) => `There are no credentials that could be used: ${sentence(message)}`,
    hint: (fault, call) =>
      isSso(fault)
        ? `Log in again: ${loginCommand(call)}`
        : "Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the machine a role.",
  },
  {
    fits: named("ExpiredToken", "TokenRefreshRequired", "RequestExpired", "InvalidToken", "InvalidClientTokenId"),
    code: "no-credentials",
    says: ({ message }) => `The credentials have expired or are not known any more: ${sentence(message)}`,
    hint: (_, call) => `Get new ones; for SSO: ${loginCommand(call)}`,
  },
  {
    fits: ({ code, message }) =>
      /^RequestTimeTooSkewed|^RequestInTheFuture/.test(code) ||
      /signature expired|not yet current|clock skew/i.test(message),
    code: "clock-skew",
    says: ({ message }) => `This machine's clock is wrong: ${sentence(message)}`,
    hint: () => "Set the clock (timedatectl, chronyc); AWS takes requests within 15 minutes of its own time.",
  },
  {
    fits: named("InvalidAccessKeyId", "SignatureDoesNotMatch", "UnrecognizedClient", "AuthFailure", "InvalidSecurity"),
    code: "no-credentials",
    says: ({ message }) => `The credentials are not accepted: ${sentence(message)}`,
    hint: () => "Check the access key and its secret, and that they belong to this endpoint.",
  },
  {
    fits: ({ code, message, action, status }) =>
      kmsPattern.test(code) ||
      action?.startsWith("kms:") === true ||
      (status === 403 && /\bkms\b|customer master key|ciphertext/i.test(message)),
    code: "access-denied",
    says: (fault) =>
      `The encryption key cannot be used by ${who(fault)}${fault.action === undefined ? "" : ` (${fault.action})`}: ${sentence(fault.message)}`,
    hint: (fault, call) =>
      fault.action?.startsWith("kms:") === true
        ? `Allow it in the key's policy and in the principal's: ${policyFor(fault, call)}`
        : "Allow kms:Decrypt and kms:GenerateDataKey on the key, in its policy and in the principal's, and check that it is enabled.",
  },
  {
    fits: named("InvalidObjectState"),
    code: "archived",
    says: (_, { key }) => `${key ?? "The object"} is archived and cannot be read.`,
    hint: () => "Restore it from its Glacier class, and ask again when the copy is there.",
  },
  {
    fits: named("NoSuchBucket"),
    code: "no-such-store",
    says: (_, { store }) => `The bucket of ${store} is not there.`,
    hint: () => "Check its name and the account, or make it.",
  },
  {
    fits: named("InvalidBucketName"),
    code: "no-such-store",
    says: (_, { store }) => `${store} names no bucket: S3 does not take the name.`,
    hint: () => "A bucket has 3 to 63 of a-z, 0-9, . and -.",
  },
  {
    fits: ({ code, status, message }) =>
      status === 301 ||
      /^(PermanentRedirect|AuthorizationHeaderMalformed|IllegalLocationConstraint)/.test(code) ||
      /region '[^']*' is wrong/.test(message),
    code: "wrong-region",
    says: ({ region }, { store }) =>
      `${store} was asked for in the wrong region${region === undefined ? "" : `; it is in ${region}`}.`,
    hint: ({ region }) => `Set AWS_REGION${region === undefined ? " to the region that it is in" : `=${region}`}.`,
  },
  {
    fits: throttled,
    code: "store-unavailable",
    says: ({ attempts, message }, { store }) => `${store} throttles: refused ${times(attempts)}; ${sentence(message)}`,
    hint: () => "It is tried again more slowly. Fewer workers, or keys under more prefixes, help if it stays so.",
    retryable: true,
  },
  {
    fits: ({ code }) => /^(TimeoutError|RequestTimeout|ETIMEDOUT|ESOCKETTIMEDOUT)/.test(code),
    code: "timeout",
    says: ({ attempts, message }, { store }) =>
      `${store} did not answer in time, ${times(attempts)}: ${sentence(message)}`,
    hint: () => "See whether the network or the server is overloaded.",
    retryable: true,
  },
  {
    fits: ({ code, message, status }) =>
      networkCodes.has(code) || (status === undefined && /socket hang up|aborted/i.test(message)),
    code: "store-unavailable",
    says: ({ attempts, message, code }, { store }) =>
      `${store} cannot be reached, tried ${times(attempts)}: ${message === "" ? code : sentence(message)}`,
    hint: () => "Check the network, the endpoint (AWS_ENDPOINT_URL) and the proxy (HTTPS_PROXY).",
    retryable: true,
  },
  {
    fits: named("QuotaExceeded", "XMinioStorageFull", "InsufficientStorage"),
    code: "disk-full",
    says: (_, { store }) => `${store} is full.`,
    hint: () => "Free some space there.",
  },
  {
    fits: ({ status }) => status === 501,
    code: "store-unfit",
    says: ({ message }, { store, action }) => `${store} cannot do ${action}: ${sentence(message)}`,
    hint: () => "Use S3, or a server that has this operation (docs/backends.md).",
  },
  {
    // SQS's JSON protocol refuses with status 400.
    fits: ({ status, code }) => status === 401 || status === 403 || code.startsWith("AccessDenied"),
    code: "access-denied",
    says: (fault, call) =>
      `${who(fault)} may not ${fault.action ?? call.action} on ${fault.resource ?? call.resource}${
        fault.message === "" || fault.code === "Unknown" || fault.principal !== undefined
          ? "."
          : `: ${sentence(fault.message)}`
      }`,
    hint: (fault, call) => `Allow it in a policy: ${policyFor(fault, call)}`,
  },
  {
    fits: named("KeyTooLongError"),
    code: "invalid-key",
    says: ({ message }, { key }) => `The key ${JSON.stringify(key)} is too long: ${sentence(message)}`,
    hint: () => "A key and the store's prefix have at most 1,024 bytes together.",
  },
  {
    fits: ({ status }) => status !== undefined && status >= 500,
    code: "store-unavailable",
    says: ({ attempts, message, status }, { store }) =>
      `${store} failed ${times(attempts)} with status ${status}: ${sentence(message)}`,
    hint: () => "It is the server's fault; it is tried again.",
    retryable: true,
  },
];

/** An error of a request as a SpotfoldError; an abort and our own errors pass through unchanged. */
export function translated(error: unknown, call: AwsCall): unknown {
  if (error instanceof SpotfoldError || (error instanceof Error && error.name === "AbortError")) return error;
  const fault = faultOf(error);
  const row = rows.find(({ fits }) => fits(fault));
  const { store, key } = call;
  const context = {
    store,
    ...(key === undefined ? {} : { key }),
    action: fault.action ?? call.action,
    resource: fault.resource ?? call.resource,
    ...(fault.principal === undefined ? {} : { principal: fault.principal }),
    answered: fault.code,
    ...(fault.status === undefined ? {} : { status: fault.status }),
  };
  if (row === undefined) {
    return new SpotfoldError("store-unavailable", `${call.action} on ${store} failed: ${sentence(fault.message)}`, {
      hint: "See the cause.",
      context,
      cause: error,
    });
  }
  return new SpotfoldError(row.code, row.says(fault, call), {
    hint: row.hint(fault, call),
    ...(row.retryable === true ? { retryable: true } : {}),
    context,
    cause: error,
  });
}

function times(attempts: number): string {
  return attempts === 1 ? "once" : `${attempts} times`;
}

function sentence(message: string): string {
  const line = message.split("\n", 1)[0]?.trim() ?? "";
  if (line === "") return "no reason was given.";
  return /[.!?]$/.test(line) ? line : `${line}.`;
}
