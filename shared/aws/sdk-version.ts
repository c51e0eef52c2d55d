/** Which AWS SDK is at work, as it tells servers. */
import { S3Client } from "@aws-sdk/client-s3";
import { regionDefault } from "./client.ts";

/** `3.1169.0`. */
export async function sdkVersion(): Promise<string> {
  const client = new S3Client({ region: regionDefault });
  try {
    const agent = await client.config.defaultUserAgentProvider();
    return agent.find(([name]) => name === "aws-sdk-js")?.[1] ?? "of an unknown version";
  } finally {
    client.destroy();
  }
}
