/** EC2 takes 16 KB, counted before they are encoded: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html */
const USER_DATA_MAX_BYTES = 16_384;

/** What is wrong with the length of user data, as it stands in a template, going by what is known of it there. */
export function userDataFaults(userData: unknown): string[] {
  const bytes = leastBytes(plain(userData));
  return bytes > USER_DATA_MAX_BYTES
    ? [
        `the user data takes at least ${bytes} bytes, and EC2 takes at most ${USER_DATA_MAX_BYTES}: let it download what is long, as userData.addS3DownloadCommand() does`,
      ]
    : [];
}

function plain(userData: unknown): unknown {
  return argumentOf(userData, 'Fn::Base64') ?? userData;
}

/** What a reference stands for is not known, and may be next to nothing. */
function leastBytes(value: unknown): number {
  if (typeof value === 'string') {
    return Buffer.byteLength(value);
  }
  const encoded = argumentOf(value, 'Fn::Base64');
  if (encoded !== undefined) {
    return Math.ceil(leastBytes(encoded) / 3) * 4;
  }
  const joined = argumentOf(value, 'Fn::Join');
  const parts: unknown = Array.isArray(joined) ? joined[1] : undefined;
  return Array.isArray(parts) ? parts.reduce((sum: number, part) => sum + leastBytes(part), 0) : 0;
}

function argumentOf(value: unknown, intrinsic: string): unknown {
  return typeof value === 'object' && value !== null
    ? Object.entries(value).find(([name]) => name === intrinsic)?.[1]
    : undefined;
}
