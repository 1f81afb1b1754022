// Names that stand twice in a JSON object: readers differ on which of the two counts (RFC 8259 §4),
// and Go decodes both into the same place.

/** Whether an object of the text, at any depth, has a member twice; the text is known to be JSON. */
export function hasRepeatedName(text: string): boolean {
  const open: (Set<string> | undefined)[] = [];
  for (let at = 0; at < text.length; at += 1) {
    const letter = text.charCodeAt(at);
    if (letter === quote) {
      const end = endOfText(text, at);
      const names = open.at(-1);
      if (names && isName(text, end)) {
        const raw = text.slice(at, end);
        // Halves of surrogate pairs become one and the same character in Go.
        const name = raw.includes('\\') ? String(JSON.parse(raw)).toWellFormed() : raw.slice(1, -1);
        if (names.has(name)) return true;
        names.add(name);
      }
      at = end - 1;
    } else if (letter === openBrace) open.push(new Set());
    else if (letter === openBracket) open.push(undefined);
    else if (letter === closeBrace || letter === closeBracket) open.pop();
  }
  return false;
}

const [quote, backslash, colon] = [0x22, 0x5c, 0x3a];
const [openBrace, closeBrace, openBracket, closeBracket] = [0x7b, 0x7d, 0x5b, 0x5d];

/** Where the text literal that begins here has ended. */
function endOfText(text: string, start: number): number {
  let at = start + 1;
  while (text.charCodeAt(at) !== quote) at += text.charCodeAt(at) === backslash ? 2 : 1;
  return at + 1;
}

function isName(text: string, end: number): boolean {
  let at = end;
  while (text.charCodeAt(at) <= 0x20) at += 1;
  return text.charCodeAt(at) === colon;
}
