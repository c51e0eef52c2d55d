/**
 * What an error of the AWS SDK says, in one shape: services, Node and servers that imitate AWS each put it elsewhere. Nothing
 * is judged here; errors.ts does that.
 */
import { codeOf, messageOf } from "../errors.ts";
import { headerOf } from "./headers.ts";

export interface AwsFault {
  /** The service's code (`NoSuchKey`), else Node's (`ECONNRESET`), else the error's name. Answers to HEAD have none: `Unknown`. */
  readonly code: string;
  readonly message: string;
  /** Of the answer; undefined when none came. */
  readonly status: number | undefined;
  /** Tries that the SDK made, the first one included. */
  readonly attempts: number;
  /** Who asked, for what, on what: where AWS named them. */
  readonly principal: string | undefined;
  readonly action: string | undefined;
  readonly resource: string | undefined;
  /** The region that the bucket is in, where the answer says so. */
  readonly region: string | undefined;
}

/** `User: arn:… is not authorized to perform: s3:GetObject on resource: "arn:…" because …` */
const refusedPattern = /User: (\S+) is not authorized to perform: ([\w-]+:\w+)(?: on resource: "?([^"\s]+)"?)?/;
/** `the region 'us-east-1' is wrong; expecting 'eu-west-1'` */
const regionPattern = /region '[^']*' is wrong; expecting '([^']+)'/;

export function faultOf(error: unknown): AwsFault {
  const message = messageOf(error);
  const response = memberOf(error, "$response");
  const metadata = memberOf(error, "$metadata");
  const status = memberOf(metadata, "httpStatusCode") ?? memberOf(response, "statusCode");
  const attempts = memberOf(metadata, "attempts");
  const [, principal, action, resource] = refusedPattern.exec(message) ?? [];
  const told = memberOf(error, "Region");
  const region = regionPattern.exec(message)?.[1] ?? (typeof told === "string" ? told : undefined);
  return {
    code: serviceCode(error) ?? codeOf(error) ?? nameOf(error),
    message,
    status: typeof status === "number" && status > 0 ? status : undefined,
    attempts: typeof attempts === "number" ? attempts : 1,
    principal,
    action,
    resource,
    region: region ?? headerOf(response, "x-amz-bucket-region"),
  };
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && name in value
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
}

function serviceCode(error: unknown): string | undefined {
  const code = memberOf(error, "Code");
  return typeof code === "string" && code !== "" ? code : undefined;
}

/** `TimeoutError` and the like: Node's own errors are all called `Error`. */
function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : "Unknown";
}
