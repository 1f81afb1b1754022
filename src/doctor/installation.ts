// Our own side as its rules see it: the configuration, and what was found where it leads.
import type { Config, JwtConfig } from '../config/config.ts';
import type { Field, Path } from './field.ts';

export interface Installation {
  readonly config: Config;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly files: readonly FileFact[];
  readonly certificates: readonly CertificateFact[];
  readonly issuers: readonly IssuerFact[];
  readonly ownToken: OwnTokenFact;
  readonly apiServer: ApiServerFact;
  /** What --token-file would become; undefined: none was given. */
  readonly identity: IdentityFact | undefined;
}

export interface FileFact {
  readonly field: Field;
  readonly file: string;
  /** Its permissions, as in 0o644. */
  readonly mode: number;
  /** Milliseconds since 1970. */
  readonly changedAt: number;
  readonly holds: 'secret' | 'key' | 'other';
}

/** Times are milliseconds since 1970. */
export interface CertificateFact {
  readonly field: Field;
  readonly of: 'issuer' | 'server';
  readonly validTo: number;
  /** Undefined: the private key is the certificate's. */
  readonly fault: string | undefined;
}

export interface IssuerFact {
  readonly field: Field;
  readonly name: string;
  /** Why its keys can't be had; undefined: they can. */
  readonly fault: string | undefined;
}

export interface OwnTokenFact {
  readonly field: Field;
  /** Why there is none; undefined: there is one. */
  readonly fault: string | undefined;
  /** Seconds since 1970, as its claims say. */
  readonly issuedAt?: number | undefined;
  readonly expiry?: number | undefined;
}

export interface ApiServerFact {
  readonly field: Field;
  /** Why it can't be asked; undefined: it can. */
  readonly fault: string | undefined;
  /** What its Date says less what our clock said, in milliseconds. */
  readonly skewMs?: number | undefined;
  /** What our account was asked whether it may, and may not. */
  readonly refused: readonly RefusedFact[];
}

export interface RefusedFact {
  /** As in `impersonate users`. */
  readonly permission: string;
  /** Whether that is about the token that goes upstream; else about who asks for reviews and tokens. */
  readonly isUpstream: boolean;
  /** Why nobody could say; undefined: the answer was no. */
  readonly fault: string | undefined;
}

export interface IdentityFact {
  readonly field: Field;
  /** Why the token would be refused; undefined: it would do, but its signature was not looked at. */
  readonly fault: string | undefined;
  /** Header lines that an allowed request gets, and the bytes of all of them and of the token itself. */
  readonly lines: number;
  readonly bytes: number;
}

/** A field of the configuration, by its path. */
export function configField(...path: Path): Field {
  return { value: undefined, path };
}

/** Where an entry stands: those of authentication.configFile come first. */
export function entryPath({ jwt }: Config, entry: JwtConfig, ownEntries: number): Path {
  const index = jwt.indexOf(entry) - (jwt.length - ownEntries);
  return index < 0 ? ['authentication', 'configFile'] : ['jwt', index];
}
