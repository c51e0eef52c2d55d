/**
 * How this machine reaches others by HTTP: through which proxy, and whose certificates it trusts. Clients of AWS take it, and
 * it is handed to children that fetch, whose environment is empty and who may read no file of certificates.
 *
 * A proxy's URL may hold a password: it goes to decoders, which run no user code, and to nobody else.
 */
import { readFileSync } from "node:fs";
import { rootCertificates } from "node:tls";
import { messageOf, SpotfoldError } from "./errors.ts";

/** The proxies' environment variables, for `http.Agent`. */
export interface ProxyVariables {
  readonly HTTP_PROXY?: string;
  readonly HTTPS_PROXY?: string;
  readonly NO_PROXY?: string;
}

/** Files of CA certificates (PEM), as AWS's and Node's variables name them. */
export interface CaFiles {
  /** `AWS_CA_BUNDLE`: these are trusted instead of Node's own, as by the AWS CLI. */
  readonly caBundle?: string;
  /** `NODE_EXTRA_CA_CERTS`: these, too. */
  readonly extraCa?: string;
}

export interface HttpTerms {
  readonly proxy?: ProxyVariables;
  /** What `readCa` gave. */
  readonly ca?: TrustedCa;
}

/** JSON. */
export interface TrustedCa {
  /** Each may hold several certificates. */
  readonly pem: readonly string[];
  /** Node's own are trusted, too. */
  readonly besides: boolean;
}

/** Reads the files. Undefined: Node's own certificates count. Throws `invalid-config` for a bundle that cannot be read. */
export function readCa({ caBundle, extraCa }: CaFiles): TrustedCa | undefined {
  const extra = extraCa === undefined ? [] : readExtra(extraCa);
  if (caBundle !== undefined) return { pem: [readBundle(caBundle), ...extra], besides: false };
  return extra.length === 0 ? undefined : { pem: extra, besides: true };
}

/** For `tls.connect` and agents; undefined: Node's own. */
export function caList(ca: TrustedCa | undefined): string[] | undefined {
  return ca === undefined ? undefined : [...(ca.besides ? rootCertificates : []), ...ca.pem];
}

/** For whoever hands them to children. Reads the files; throws as `readCa`. */
export function httpTerms(options: CaFiles & { readonly proxy?: ProxyVariables }): HttpTerms {
  const ca = readCa(options);
  return { ...(options.proxy === undefined ? {} : { proxy: options.proxy }), ...(ca === undefined ? {} : { ca }) };
}

const certificateMark = "-----BEGIN CERTIFICATE-----";

/** A file that cannot be read counts for nothing, as for Node, which has warned of it when it started. */
function readExtra(file: string): string[] {
  try {
    const text = readFileSync(file, "utf8");
    return text.includes(certificateMark) ? [text] : [];
  } catch {
    return [];
  }
}

function readBundle(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new SpotfoldError("invalid-config", `The certificates in ${file} cannot be read: ${messageOf(error)}`, {
      hint: "Mend or unset AWS_CA_BUNDLE.",
      context: { file },
      cause: error,
    });
  }
  if (text.includes(certificateMark)) return text;
  throw new SpotfoldError("invalid-config", `There is no certificate in ${file}.`, {
    hint: `AWS_CA_BUNDLE names a file of certificates in PEM: they begin with ${certificateMark}.`,
    context: { file },
  });
}
