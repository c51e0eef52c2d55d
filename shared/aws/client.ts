/**
 * From Spotfold's settings to clients of the AWS SDK: where, how many sockets, how patient, and the server's clock.
 *
 * Settings that are absent are the SDK's to find (profile files, the instance's role, SSO): nothing here reads the
 * environment. A custom endpoint means another server than AWS's own: bucket names go into the path, and checksums are sent
 * only where the operation demands them, since such servers know few of them. One that stands in a profile is found first, by
 * configured.ts.
 *
 * Calls are tried again by the SDK as retries.ts says; what it gives up is translated in errors.ts.
 */
import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import type { S3Client, S3ClientConfig } from "@aws-sdk/client-s3";
import type { SQSClient, SQSClientConfig } from "@aws-sdk/client-sqs";
import { systemRandom } from "../clock.ts";
import { SpotfoldError } from "../errors.ts";
import { caList, readCa } from "../http-terms.ts";
import type { CaFiles, ProxyVariables } from "../http-terms.ts";
import { requestMsMaxDefault, silentMsMaxDefault } from "./patience.ts";
import { headerOf } from "./headers.ts";
import { retriesOf } from "./retries.ts";
import { WatchedHandler } from "./watched-handler.ts";

/** Of one client. A body that is being read keeps one. Above what calls may hold at once (requests.ts), so none waits for a socket. */
export const socketsMax = 256;

/** A server that does not take the connection by then is not there. */
const connectMsMax = 5_000;

/** Tries of one request: with the SDK's back-off (up to 20 s each) a server may be away for about half a minute. */
const attemptsMaxDefault = 6;

/** Any region will do to sign the question which region a bucket is in, and for servers that have only one. */
export const regionDefault = "us-east-1";

export interface AwsOptions extends CaFiles {
  /** `AWS_ENDPOINT_URL_S3`, else `AWS_ENDPOINT_URL`. Absent: AWS's own. */
  readonly s3Endpoint?: string;
  /** `AWS_ENDPOINT_URL_SQS`, else `AWS_ENDPOINT_URL`. Absent: AWS's own. */
  readonly sqsEndpoint?: string;
  /** Absent: the SDK looks for it. */
  readonly region?: string;
  /** Of the shared configuration files. Absent: `AWS_PROFILE`, else `default`, by the SDK. */
  readonly profile?: string;
  /** Bucket names in the path instead of the host name. Default: with a custom endpoint. */
  readonly pathStyle?: boolean;
  /** Tries of one request, the first included. Default 6. */
  readonly attemptsMax?: number;
  /** From a request's first byte to its answer's head. Default 60,000. */
  readonly requestMsMax?: number;
  /** A body of which nothing came for so long, although somebody waits for it, is taken for cut. Default 30,000. */
  readonly silentMsMax?: number;
  readonly proxy?: ProxyVariables;
}

/** What all clients have in common. Ends its sockets with the client's `destroy()`. */
function commonConfig(options: AwsOptions) {
  const agentOptions = {
    keepAlive: true,
    maxSockets: socketsMax,
    ...(options.proxy === undefined ? {} : { proxyEnv: { ...options.proxy } }),
  };
  const attemptsMax = options.attemptsMax ?? attemptsMaxDefault;
  return {
    maxAttempts: attemptsMax,
    retryStrategy: retriesOf(attemptsMax, () => systemRandom.float()),
    requestHandler: new WatchedHandler(
      {
        connectionTimeout: connectMsMax,
        requestTimeout: options.requestMsMax ?? requestMsMaxDefault,
        throwOnRequestTimeout: true,
        // A socket may lie idle while whoever reads a body pauses; reading.ts watches bodies that should move.
        socketTimeout: 0,
        httpAgent: new HttpAgent(agentOptions),
        httpsAgent: new HttpsAgent({ ...agentOptions, ...trusted(options) }),
      },
      options.silentMsMax ?? silentMsMaxDefault,
    ),
    ...(options.region === undefined ? {} : { region: options.region }),
    ...(options.profile === undefined ? {} : { profile: options.profile }),
  } as const;
}

/** Node itself trusts those of NODE_EXTRA_CA_CERTS, but where it is told whom to trust. */
function trusted(options: AwsOptions): { ca?: string[] } {
  const ca = options.caBundle === undefined ? undefined : caList(readCa(options));
  return ca === undefined ? {} : { ca };
}

export function s3ClientConfig(options: AwsOptions): S3ClientConfig {
  const custom = options.s3Endpoint !== undefined;
  return {
    ...commonConfig(options),
    ...(custom ? { endpoint: options.s3Endpoint } : {}),
    ...(custom
      ? { requestChecksumCalculation: "WHEN_REQUIRED", responseChecksumValidation: "WHEN_REQUIRED" }
      : { requestChecksumCalculation: "WHEN_SUPPORTED", responseChecksumValidation: "WHEN_REQUIRED" }),
    forcePathStyle: options.pathStyle ?? custom,
    // Bodies are small parts: asking first costs a round trip each, and servers that never answer it a second.
    expectContinueHeader: false,
  };
}

export function sqsClientConfig(options: AwsOptions): SQSClientConfig {
  return {
    ...commonConfig(options),
    ...(options.sqsEndpoint === undefined ? {} : { endpoint: options.sqsEndpoint }),
  };
}

/** The part of every client's middleware that is needed here: each service has types of its own for it. */
interface Stack {
  add(middleware: (next: Handler) => Handler, options: { step: "deserialize"; name: string; priority: "high" }): void;
}
type Handler = (args: never) => Promise<{ response: unknown; output: object }>;

const answeredAt = new WeakMap<object, number>();

/** Makes `storeTimeOf` work on this client's outputs and errors. */
export function keepServerTime(client: S3Client | SQSClient): void {
  const stack = client.middlewareStack as unknown as Stack;
  stack.add(
    (next) => async (args) => {
      try {
        const result = await next(args);
        note(result.output, result.response);
        return result;
      } catch (error) {
        if (typeof error === "object" && error !== null && "$response" in error) note(error, error.$response);
        throw error;
      }
    },
    { step: "deserialize", name: "spotfoldServerTime", priority: "high" },
  );
}

function note(answer: object, response: unknown): void {
  const date = headerOf(response, "date");
  const ms = date === undefined ? NaN : Date.parse(date);
  if (!Number.isNaN(ms)) answeredAt.set(answer, ms);
}

/** The server's clock at an answer or an error of it, ms since the epoch (whole seconds); undefined where it told none. */
export function serverTimeOf(answer: object): number | undefined {
  return answeredAt.get(answer);
}

/** `serverTimeOf`, for those who cannot do without. */
export function storeTimeOf(answer: object, store: string): number {
  const time = answeredAt.get(answer);
  if (time !== undefined) return time;
  throw new SpotfoldError("store-unfit", `${store} does not tell its time: its answers carry no Date.`, {
    hint: "Use a server that sends the Date header, as S3 and SQS do.",
    context: { store },
  });
}
