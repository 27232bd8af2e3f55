/**
 * The text of user data in several parts, one after the other in the order in which they stand (cloud-init documentation,
 * "MIME multi-part archive"); any other user data as it is.
 */
export function joinedParts(userData: string): string {
  const [, boundary] = /^Content-Type:\s*multipart\/mixed;\s*boundary="?([^"\n]+)"?/im.exec(userData) ?? [];
  return boundary === undefined
    ? userData
    : userData
        .split(`--${boundary}`)
        .slice(1, -1)
        .map((part) => decoded(part.trimStart()))
        .join('\n');
}

function decoded(part: string): string {
  const at = /\r?\n\r?\n/.exec(part);
  const [head, body] = at === null ? ['', part] : [part.slice(0, at.index), part.slice(at.index + at[0].length)];
  return /^Content-Transfer-Encoding:\s*base64/im.test(head) ? Buffer.from(body, 'base64').toString() : body;
}
