// Lengths of time in sentences.

export const dayMs = 86_400_000;

/** A length of time as a person says it. */
export function age(ms: number): string {
  const units = [
    ['day', dayMs],
    ['hour', 3_600_000],
    ['minute', 60_000],
    ['second', 1_000],
  ] as const;
  const [name, size] = units.find(([, one]) => ms >= one) ?? ['second', 1_000];
  const count = Math.floor(ms / size);
  return `${count} ${name}${count === 1 ? '' : 's'}`;
}
