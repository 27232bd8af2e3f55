/**
 * Whether a page of another origin made the browser send this. SameSite=Lax keeps the cookie from the posts of other
 * sites, but a neighbouring subdomain is the same site, and signing a visitor in under a stranger's name needs no
 * cookie. Browsers tell by `Sec-Fetch-Site`, before 2023 and over plain HTTP by `Origin`; what sends neither is no
 * browser and carries nobody's cookie. This is the algorithm of Go's `http.CrossOriginProtection`.
 *
 * @param header gives a header of the request by its name in lower case
 */
export function isCrossOrigin(header: (name: string) => string | undefined): boolean {
  const site = header('sec-fetch-site');
  if (site !== undefined) {
    return site !== 'same-origin' && site !== 'none';
  }
  const origin = header('origin');
  return origin !== undefined && origin.replace(/^https?:\/\//, '') !== header('host');
}
