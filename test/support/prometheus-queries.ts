/** What charts/kube-ext-authz asks Prometheus: its rules and the panels of its dashboard. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { root } from './documents.ts';

const chart = join(root, 'charts', 'kube-ext-authz');

export const rulesFile = join(chart, 'rules', 'kube-ext-authz.rules.yaml');
export const dashboardFile = join(chart, 'dashboards', 'kube-ext-authz.json');

export interface Rule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

interface RuleGroup {
  readonly rules: readonly Rule[];
}

export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: {
    readonly x: number;
    readonly y: number;
    readonly w: number;
    readonly h: number;
  };
  readonly targets?: readonly { readonly refId: string; readonly expr: string }[];
}

export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly panels: readonly Panel[];
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly query: unknown }[];
  };
}

export function readRules(): readonly Rule[] {
  const { groups }: { readonly groups: readonly RuleGroup[] } = parse(
    readFileSync(rulesFile, 'utf8'),
  );
  return groups.flatMap(({ rules }) => rules);
}

export function readDashboard(): Dashboard {
  return JSON.parse(readFileSync(dashboardFile, 'utf8'));
}

/** A panel's query as Grafana would send it, with everything chosen. */
export function withVariables(expr: string): string {
  return expr
    .replaceAll('$__rate_interval', '1m')
    .replaceAll('$__range', '1m')
    .replaceAll(/\$(namespace|job|instance)\b/g, '.*');
}

/** The metrics that a query names. */
export function metricsIn(expr: string): ReadonlySet<string> {
  return new Set(expr.match(/\b(?:job:)?(?:kube_ext_authz|nodejs|process)_\w+(?::\w+)?/g) ?? []);
}
