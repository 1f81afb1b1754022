/** A row of the tables: what is asked, by whom, and what it must end with on both sides. */
import type { DenyReason } from '../../src/denial/reasons.ts';
import {
  whoAmI,
  type ApiRequest,
  type Case,
  type Line,
  type Requester,
} from './impersonation-case.ts';
import type { GrantName } from './impersonation-world.ts';

/**
 * always: both of kube-apiserver's filters allow it; constrained: the newer one does; never: neither.
 * bad: 400. nobody: nothing is asked for, so the request is the requester's own.
 */
export type End = 'always' | 'constrained' | 'never' | 'bad' | 'nobody';

/** We refuse what kube-apiserver ends otherwise; each has its reason. */
export interface ByDesign {
  readonly straight: End;
  /** Ours; Envoy: its own 400, before it asks us. */
  readonly ours: DenyReason | 'Envoy';
  readonly because: string;
}

export interface Row {
  readonly end: End | ByDesign;
  readonly what: string;
  readonly may: readonly GrantName[];
  readonly lines: readonly Line[];
  readonly request?: ApiRequest;
  readonly by?: Requester;
  /** Of the API server's answer when the impersonation is allowed; default: any 2xx. */
  readonly status?: number;
}

type More = Pick<Row, 'request' | 'by' | 'status'>;

/** One row, on one line where it fits. */
export function row(
  end: Row['end'],
  what: string,
  may: Row['may'],
  lines: Row['lines'],
  more: More = {},
): Row {
  return { end, what, may, lines, ...more };
}

/** The row's request; its requester is nobody else's, so that nobody's last mode is remembered. */
export function toCase({ may, lines, request = whoAmI, by }: Row, index: number): Case {
  const name = `requester-${index}`;
  return { requester: by ?? { name, may }, lines, request };
}

/** What kube-apiserver is to answer with. */
export function isExpected(
  { end: wanted, status: told }: Row,
  status: number,
  constrained: boolean,
): boolean {
  const end = typeof wanted === 'string' ? wanted : wanted.straight;
  if (end === 'bad') return status === 400;
  const isAllowed = end === 'always' || end === 'nobody' || (end === 'constrained' && constrained);
  if (!isAllowed) return status === 403;
  return told === undefined ? status >= 200 && status < 300 : status === told;
}
