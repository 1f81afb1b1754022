/** How Go writes doubles. */

/** As Go's `%g` writes it. */
export function formatDouble(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  const [digits = '', exponent = ''] = value.toExponential().split('e');
  const power = Number(exponent);
  if (power >= -4 && power < 6) return plainDecimal(value);
  const [, sign = '', number = ''] = /^([+-])(\d+)$/.exec(exponent) ?? [];
  return `${digits}e${sign}${number.padStart(2, '0')}`;
}

/** Without an exponent. */
export function plainDecimal(value: number): string {
  const shown = String(value);
  const [, sign = '', whole = '', fraction = '', power] =
    /^(-?)(\d+)(?:\.(\d+))?e-(\d+)$/.exec(shown) ?? [];
  if (power === undefined) return shown.includes('e') ? BigInt(value).toString() : shown;
  return `${sign}0.${'0'.repeat(Number(power) - 1)}${whole}${fraction}`;
}
