// Issuers must be equal to the letter; people see them otherwise.

/** Whether two URLs that are not equal are easily taken for it. */
export function isNear(one: string, other: string): boolean {
  return one !== other && plain(one) === plain(other);
}

function plain(url: string): string {
  return url.trim().toLowerCase().replace(/\/+$/, '');
}
