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
  /** `because no identity-based policy allows …`, `with an explicit deny in …`: where AWS said it. */
  readonly why: string | undefined;
  /** The region that the bucket is in, where the answer says so. */
  readonly region: string | undefined;
}

/** `User: arn:… is not authorized to perform: s3:GetObject on resource: "arn:…" because …` */
const refusedPattern =
  /User: (\S+) is not authorized to perform: ([\w-]+:\w+)(?: on resource: "?([^"\s]+)"?)?(?: ((?:because|with) [^\n]*[^\s.]))?/;
/** `the region 'us-east-1' is wrong; expecting 'eu-west-1'` */
const regionPattern = /region '[^']*' is wrong; expecting '([^']+)'/;

export function faultOf(error: unknown): AwsFault {
  const message = messageOf(error);
  const response = memberOf(error, "$response");
  const metadata = memberOf(error, "$metadata");
  const status = memberOf(metadata, "httpStatusCode") ?? memberOf(response, "statusCode");
  const attempts = memberOf(metadata, "attempts");
  const told = memberOf(error, "Region");
  return {
    code: serviceCode(error) ?? codeOf(error) ?? nameOf(error),
    message,
    status: typeof status === "number" && status > 0 ? status : undefined,
    attempts: typeof attempts === "number" ? attempts : 1,
    ...saidIn(message),
    region: regionIn(message) ?? (typeof told === "string" ? told : undefined) ?? headerOf(response, regionHeader),
  };
}

/** An answer that came without the SDK: to a URL that was lent. */
export interface PlainAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Or its beginning: of S3, and of servers that speak like it, an XML document. */
  readonly body: string;
}

export function faultOfAnswer(answer: PlainAnswer): AwsFault {
  const { status, headers, body } = answer;
  const message = textIn(body, "Message") ?? "";
  return {
    code: textIn(body, "Code") ?? "Unknown",
    message,
    status,
    attempts: 1,
    ...saidIn(message),
    region: regionIn(message) ?? textIn(body, "Region") ?? headerOf({ headers }, regionHeader),
  };
}

function saidIn(message: string): Pick<AwsFault, "principal" | "action" | "resource" | "why"> {
  const [, principal, action, resource, why] = refusedPattern.exec(message) ?? [];
  return { principal, action, resource, why };
}

const regionHeader = "x-amz-bucket-region";

function regionIn(message: string): string | undefined {
  return regionPattern.exec(message)?.[1];
}

const entities: Readonly<Record<string, string>> = { quot: '"', apos: "'", lt: "<", gt: ">", amp: "&" };

/** The text of the first element of that name; undefined where there is none, or it is empty. */
function textIn(xml: string, name: string): string | undefined {
  const text = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
  const plain = text?.replaceAll(/&(?:#(\d+)|(\w+));/g, (whole, digits?: string, word?: string) =>
    digits === undefined ? (entities[word ?? ""] ?? whole) : String.fromCodePoint(Number(digits)),
  );
  return plain === "" ? undefined : plain;
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
