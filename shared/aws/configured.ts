/**
 * What the SDK finds by itself where the settings say nothing: region and endpoint, from its variables, the profile, and the
 * profile's `services` section.
 *
 * A client must be told of its endpoint when it is made, because path style and checksums go with it (client.ts): one that
 * finds it by itself, with its first request, has neither.
 */
import { S3Client } from "@aws-sdk/client-s3";
import { s3ClientConfig } from "./client.ts";
import type { AwsOptions } from "./client.ts";

/** Of a client's configuration. The SDK asks the second with each request, and its types let nobody else do so. */
interface ConfiguredParts {
  readonly region: () => Promise<string>;
  readonly serviceConfiguredEndpoint?: (() => Promise<string | undefined>) | undefined;
}

/** The options for S3 with what the SDK adds to them. Without `region` none is configured, without `s3Endpoint` it is AWS's own. */
export async function configured(options: AwsOptions): Promise<AwsOptions> {
  const client = new S3Client(s3ClientConfig(options));
  const { region: regionOf, serviceConfiguredEndpoint: endpointOf } = client.config as ConfiguredParts;
  try {
    const region = options.region ?? (await regionOf().catch(() => undefined));
    const s3Endpoint = options.s3Endpoint ?? (await endpointOf?.());
    return {
      ...options,
      ...(region === undefined ? {} : { region }),
      ...(s3Endpoint === undefined ? {} : { s3Endpoint }),
    };
  } finally {
    client.destroy();
  }
}
