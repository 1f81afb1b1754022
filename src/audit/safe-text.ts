// What no line may hold: what a terminal or a reader of lines would act on, and tokens.

// Control characters, line and paragraph separators, marks that turn text around, halves of pairs.
const acting =
  /[\u0000-\u001f\u007f-\u009f\u061c\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]/gu; // oxlint-disable-line no-control-regex
const isPlain = /^[ -~]*$/;

/** The same text with such characters as JSON writes them (`\u001b`), in JSON or out of it. */
export function escapeActing(text: string): string {
  return isPlain.test(text) ? text : text.replaceAll(acting, escapeUnit);
}

/** One UTF-16 unit as JSON escapes it. */
export function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

// Begins at whole words only: tried at every "eyJ" of a long one, it would take quadratic time.
const jwt = /(?<![\w-])(?=[\w-]*eyJ)[\w-]+(?:\.|%2e)[\w-]+(?:\.|%2e)[\w-]*/gi;

/** Somebody may put a token where it doesn't belong; it must not end up in a log for that. */
export function withoutTokens(text: string): string {
  return text.includes('eyJ') ? text.replaceAll(jwt, '[token]') : text;
}
