/** A JWT in form only: any header, any claims, and a signature nobody made. */
export function forgedToken(header: object, claims: object): string {
  return [encode(header), encode(claims), 'AAAA'].join('.');
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
