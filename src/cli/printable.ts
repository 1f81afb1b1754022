// Text of unknown origin, made fit for a terminal.

/** What a terminal obeys (control characters) or turns around (U+202A to U+202E and the like) is shown, not sent. */
export function printable(text: string): string {
  return text.replaceAll(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (letter) => `\\u{${letter.codePointAt(0)?.toString(16) ?? ''}}`,
  );
}
