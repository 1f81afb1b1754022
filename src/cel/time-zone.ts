/** Time zones: names, and hours and minutes east of UTC, as cel-go reads them. */
import { CelError } from './cel-error.ts';

/** How far the zone is from UTC at a moment, in milliseconds: a name, or hours and minutes. */
export function zoneOffset(at: number, zone: string): number {
  if (zone === '' || zone === 'UTC') return 0;
  if (zone.includes(':')) {
    const [, sign, hours, minutes] = /^([+-]?)(\d+):(\d+)$/.exec(zone) ?? [];
    if (hours === undefined) throw new CelError('unknown time zone');
    const east = Number(hours) * 60 + Number(minutes);
    return (sign === '-' ? -east : east) * 60_000;
  }
  // Go's names are files: the case counts, and offsets have none.
  if (!/^[A-Z][A-Za-z0-9_+-]*(?:\/[A-Z][A-Za-z0-9_+-]*)*$/.test(zone)) {
    throw new CelError('unknown time zone');
  }
  return namedOffset(at, zone);
}

const zones = new Map<string, Intl.DateTimeFormat>();

function namedOffset(at: number, zone: string): number {
  const format = zones.get(zone) ?? zoneFormat(zone);
  if (zones.size < 1000) zones.set(zone, format);
  const shown = format.formatToParts(at).find(({ type }) => type === 'timeZoneName')?.value ?? '';
  const [, sign, hours = '0', minutes = '0', seconds = '0'] =
    /^GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(shown) ?? [];
  const east = (Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds);
  return (sign === '-' ? -east : east) * 1000;
}

function zoneFormat(zone: string): Intl.DateTimeFormat {
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
  } catch {
    throw new CelError('unknown time zone');
  }
  const name = format.resolvedOptions().timeZone;
  if (name !== zone && name.toLowerCase() === zone.toLowerCase()) {
    throw new CelError('unknown time zone');
  }
  return format;
}
