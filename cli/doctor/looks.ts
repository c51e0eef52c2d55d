/** What buckets say of themselves, asked once for all checks. */
import type { BucketLook } from "../../shared/aws/look-bucket.ts";
import type { Settings } from "../../shared/config/settings.ts";

export type LookAtBucket = (place: string) => Promise<BucketLook>;

export function bucketLooks({ aws }: Settings): LookAtBucket {
  const looks = new Map<string, Promise<BucketLook>>();
  const start = async (place: string): Promise<BucketLook> => {
    const { lookAtBucket } = await import("../../shared/aws/look-bucket.ts");
    return await lookAtBucket(place, aws);
  };
  return async (place) => {
    const look = looks.get(place) ?? start(place);
    looks.set(place, look);
    return await look;
  };
}
