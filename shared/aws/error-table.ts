/**
 * Errors of AWS in words: one table, for every service, and the only place where names of AWS's errors get words.
 *
 * Each row says how the error is recognised, its code here, what happened and what to do. The first row that fits counts.
 * What is wrong with access, keys, credentials, bucket, region or clock is the environment's: it holds a run and makes no
 * block missing (worker/records.ts, executor/cause-of-code.ts). What another try may cure is `retryable`.
 *
 * Free of the SDK, and of all that is not ours: the decoder puts refusals of URLs into words by it.
 */
import type { ErrorCode } from "../errors.ts";
import { overloadedHint } from "../unanswered.ts";
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

export interface ErrorRow {
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

/** An Allow beside a Deny changes nothing. */
const cureFor = (fault: AwsFault, call: AwsCall, where: string): string =>
  fault.why?.includes("explicit deny") === true
    ? `It is denied ${fault.why}: take ${fault.action} on ${fault.resource ?? call.resource} out of that; no Allow is stronger.`
    : `Allow it in ${where}: ${policyFor(fault, call)}`;

const who = ({ principal }: AwsFault): string => principal ?? "this principal";

/** The profile that was asked for, else the one that the SDK found and names. */
const loginCommand = ({ message }: AwsFault, call: AwsCall): string => {
  const profile = call.profile ?? /\bprofile=([\w.@+-]+)/.exec(message)?.[1];
  return profile === undefined ? "aws sso login" : `aws sso login --profile ${profile}`;
};

const isSso = ({ message }: AwsFault): boolean =>
  /\bsso\b|Token is expired|session has expired|Session token not found/i.test(message);

/** KMS's own errors as S3 (`KMS.DisabledException`) and SQS (`KmsDisabled`) pass them on; not those that another try cures. */
const kmsPattern = /^KMS(?!.*(?:Throttl|LimitExceeded|Internal|Dependency|Timeout))/i;
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
/** What Node says of a certificate that it does not take. */
const certificateCodes = new Set([
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "CERT_UNTRUSTED",
  "CERT_NOT_YET_VALID",
  "CERT_HAS_EXPIRED",
  "ERR_TLS_CERT_ALTNAME_INVALID",
]);
/** How the SDK's handler says that a request, or a connection, took longer than client.ts lets it. */
const waitedPattern = /(?:exceeded the configured|within the configured timeout of) (\d+) ms/;
const throttled = named(
  "SlowDown",
  "Throttling",
  "RequestThrottled",
  "RequestLimitExceeded",
  "TooManyRequests",
  "BandwidthLimitExceeded",
  "KmsThrottled",
  "OverLimit",
  "KMS.Throttling",
  "KMS.LimitExceeded",
);

export const errorRows: readonly ErrorRow[] = [
  {
    fits: named("CredentialsProviderError", "TokenProviderError", "ProviderError", "CredentialsError"),
    code: "no-credentials",
    says: ({ message }) => `There are no credentials that could be used: ${sentence(message)}`,
    hint: (fault, call) =>
      isSso(fault)
        ? `Log in again: ${loginCommand(fault, call)}`
        : call.profile !== undefined
          ? `The profile ${call.profile} gives none: see whether ~/.aws/config or ~/.aws/credentials has it (aws configure list-profiles).`
          : "Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the machine a role.",
  },
  {
    fits: named("ExpiredToken", "TokenRefreshRequired", "RequestExpired", "InvalidToken", "InvalidClientTokenId"),
    code: "no-credentials",
    says: ({ message }) => `The credentials have expired or are not known any more: ${sentence(message)}`,
    hint: (fault, call) => `Get new ones; for SSO: ${loginCommand(fault, call)}`,
  },
  {
    fits: ({ code, message }) =>
      /^RequestTimeTooSkewed|^RequestInTheFuture/.test(code) ||
      // The last two are of URLs, which are signed a moment before they are used.
      /signature expired|not yet current|clock skew|request has expired|not yet valid/i.test(message),
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
        ? cureFor(fault, call, "the key's policy and in the principal's")
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
    // The SDK, before it asks anybody.
    fits: ({ status, message }) => status === undefined && message === "Region is missing",
    code: "wrong-region",
    says: (_, { store }) => `There is no region in which ${store} could be looked for.`,
    hint: () => "Set AWS_REGION, or a region in the profile: aws configure set region eu-west-1.",
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
    says: ({ attempts, message }, { store }) => {
      const ms = waitedPattern.exec(message)?.[1];
      return ms === undefined
        ? `${store} did not answer in time, ${times(attempts)}: ${sentence(message)}`
        : `${store} did not answer within ${Number(ms) / 1_000} s, ${times(attempts)}.`;
    },
    hint: () => overloadedHint,
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
    fits: ({ code }) => certificateCodes.has(code),
    code: "store-unfit",
    says: ({ message }, { store }) => `The certificate that ${store} shows is not trusted: ${sentence(message)}`,
    hint: () =>
      "If it is signed by a CA of your own, name its certificates: AWS_CA_BUNDLE=FILE. Look at the clock, too.",
  },
  {
    fits: ({ code, message }) => code === "ERR_PROXY_TUNNEL" && /HTTP\/1\.\d 40[37]/.test(message),
    code: "access-denied",
    says: ({ message }, { store }) => `The proxy refuses the way to ${store}: ${sentence(message)}`,
    hint: () =>
      "Check user and password in HTTPS_PROXY, and what the proxy lets through; NO_PROXY names hosts to reach directly.",
  },
  {
    fits: ({ code }) => code === "ERR_PROXY_TUNNEL" || code === "ERR_PROXY_INVALID_CONFIG",
    code: "store-unavailable",
    says: ({ message }, { store }) => `The proxy finds no way to ${store}: ${sentence(message)}`,
    hint: () => "Check HTTPS_PROXY; NO_PROXY names hosts to reach directly.",
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
      `${who(fault)} may not ${fault.action ?? call.action} on ${fault.resource ?? call.resource}${reasonOf(fault)}`,
    hint: (fault, call) => cureFor(fault, call, "a policy"),
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

function reasonOf({ why, message, code, principal }: AwsFault): string {
  if (why !== undefined) return `, ${why}.`;
  return message === "" || code === "Unknown" || principal !== undefined ? "." : `: ${sentence(message)}`;
}

function times(attempts: number): string {
  return attempts === 1 ? "once" : `${attempts} times`;
}

/** The first line of what was said, with its full stop. */
export function sentence(message: string): string {
  const line = message.split("\n", 1)[0]?.trim() ?? "";
  if (line === "") return "no reason was given.";
  return /[.!?]$/.test(line) ? line : `${line}.`;
}
