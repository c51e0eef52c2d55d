/**
 * What the environment says about AWS, in the names that all of its tools know: endpoints, region, profile, proxies,
 * certificates.
 * Credentials, profile files, SSO and roles are found by the SDK itself, which reads the same variables.
 */
import type { AwsOptions } from "../aws/client.ts";

type Variables = Readonly<Record<string, string | undefined>>;

/** A variable that is set to nothing counts as not set. */
function first(variables: Variables, ...names: readonly string[]): string | undefined {
  return names.map((name) => variables[name]).find((value) => value !== undefined && value !== "");
}

function given<Name extends string>(name: Name, value: string | undefined): Partial<Record<Name, string>> {
  return value === undefined ? {} : ({ [name]: value } as Record<Name, string>);
}

export function awsOptions(variables: Variables): AwsOptions {
  const ignored = first(variables, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")?.toLowerCase() === "true";
  const endpointOf = (service: string): string | undefined =>
    ignored ? undefined : first(variables, `AWS_ENDPOINT_URL_${service}`, "AWS_ENDPOINT_URL");
  const proxy = {
    ...given("HTTP_PROXY", first(variables, "HTTP_PROXY", "http_proxy")),
    ...given("HTTPS_PROXY", first(variables, "HTTPS_PROXY", "https_proxy")),
    ...given("NO_PROXY", first(variables, "NO_PROXY", "no_proxy")),
  };
  return Object.freeze({
    ...given("s3Endpoint", endpointOf("S3")),
    ...given("sqsEndpoint", endpointOf("SQS")),
    ...given("region", first(variables, "AWS_REGION", "AWS_DEFAULT_REGION")),
    ...given("profile", first(variables, "AWS_PROFILE")),
    ...given("caBundle", first(variables, "AWS_CA_BUNDLE")),
    ...given("extraCa", first(variables, "NODE_EXTRA_CA_CERTS")),
    ...(Object.keys(proxy).length === 0 ? {} : { proxy: Object.freeze(proxy) }),
  });
}
