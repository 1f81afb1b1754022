// Integers as Go's strconv.ParseInt(text, 10, 64) takes them: in options and in label selectors.

const decimal = /^[+-]?0*\d{1,19}$/;
const least = -(2n ** 63n);
const most = 2n ** 63n - 1n;

/** Whether the text is an integer of 64 bits; a sign and leading zeros are allowed. */
export function isInt64(text: string): boolean {
  if (!decimal.test(text)) return false;
  const value = BigInt(text.replace('+', ''));
  return value >= least && value <= most;
}
