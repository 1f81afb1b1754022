/** When each alert fires and when it must not, as series of Prometheus: one value each half minute from time 0 on. */

type Series = Readonly<Record<string, string>>;

export interface AlertCase {
  readonly alert: string;
  /** Fires at that minute, and not before the time that its rule waits. */
  readonly fires: { readonly series: Series; readonly atMinute: number };
  /** Never fires until the same minute, and does not even begin to then. */
  readonly silent: readonly (readonly [why: string, series: Series])[];
}

const target = 'namespace="auth",job="kube-ext-authz",instance="a:9090"';

function checks(decision: string, reason: string): string {
  const labels = `decision="${decision}",reason="${reason}",issuer="",act_as=""`;
  return `kube_ext_authz_checks_total{${target},${labels}}`;
}

function reviews(kind: string, outcome: string, cache = 'miss'): string {
  const labels = `kind="${kind}",outcome="${outcome}",cache="${cache}"`;
  return `kube_ext_authz_reviews_total{${target},${labels}}`;
}

function bucket(le: string): string {
  return `kube_ext_authz_check_duration_seconds_bucket{${target},le="${le}"}`;
}

function own(name: string, labels = ''): string {
  return `kube_ext_authz_${name}{${target}${labels}}`;
}

const people = ',issuer="people"';
const expiry = own('upstream_token_expiry_timestamp_seconds');
const fetched = own('issuer_keys_fetched_timestamp_seconds', people);
const faulty = own('issuer_keys_faulty', people);
const usable = own('issuer_keys_usable', people);
const lag = `nodejs_eventloop_lag_p99_seconds{${target}}`;
const buildInfo = own('build_info', ',version="1",node="v24"');
const allowed = checks('allow', '');

export const alertCases: readonly AlertCase[] = [
  {
    alert: 'KubeExtAuthzDown',
    fires: { series: { [`up{${target}}`]: '0x40' }, atMinute: 10 },
    silent: [
      ['it is up', { [`up{${target}}`]: '1x40' }],
      ['it is back after a moment', { [`up{${target}}`]: '0x3 1x40' }],
      ['another job is down', { 'up{job="other"}': '0x40' }],
    ],
  },
  {
    alert: 'KubeExtAuthzNotReady',
    fires: { series: { [own('ready')]: '0x40' }, atMinute: 10 },
    silent: [
      ['it is ready', { [own('ready')]: '1x40' }],
      ['it became ready', { [own('ready')]: '0x3 1x40' }],
    ],
  },
  {
    alert: 'KubeExtAuthzFaults',
    fires: {
      series: { [allowed]: '0+970x60', [checks('deny', 'review_unavailable')]: '0+30x60' },
      atMinute: 20,
    },
    silent: [
      [
        'one of a thousand',
        { [allowed]: '0+999x60', [checks('deny', 'internal_error')]: '0+1x60' },
      ],
      [
        'denials are the requests own fault',
        { [allowed]: '0+1x60', [checks('deny', 'token_expired')]: '0+99x60' },
      ],
      ['nobody asks', { [allowed]: '5x60', [checks('deny', 'internal_error')]: '5x60' }],
    ],
  },
  {
    alert: 'KubeExtAuthzIssuerWithoutKeys',
    fires: { series: { [usable]: '0x40' }, atMinute: 10 },
    silent: [['there are keys', { [usable]: '1x40' }]],
  },
  {
    alert: 'KubeExtAuthzIssuerKeysStale',
    fires: { series: { [fetched]: '60x90', [faulty]: '1x90', [usable]: '1x90' }, atMinute: 40 },
    silent: [
      [
        'they are younger than half an hour',
        { [fetched]: '900x90', [faulty]: '1x90', [usable]: '1x90' },
      ],
      [
        'they are configured and never fetched again',
        { [fetched]: '60x90', [faulty]: '0x90', [usable]: '1x90' },
      ],
      [
        'there are none, which is an alert of its own',
        { [fetched]: '0x90', [faulty]: '1x90', [usable]: '0x90' },
      ],
    ],
  },
  {
    alert: 'KubeExtAuthzTokenExpiring',
    fires: { series: { [expiry]: '660x40' }, atMinute: 10 },
    silent: [
      ['it is renewed in time', { [expiry]: '720x40' }],
      ['it does not tell', { [expiry]: '0x40' }],
    ],
  },
  {
    alert: 'KubeExtAuthzAccountWithoutToken',
    fires: {
      series: { [own('readiness_part_ok', ',part="service-account/pipelines"')]: '0x40' },
      atMinute: 10,
    },
    silent: [
      ['it has one', { [own('readiness_part_ok', ',part="service-account/pipelines"')]: '1x40' }],
      ['another part lacks something', { [own('readiness_part_ok', ',part="issuer/x"')]: '0x40' }],
    ],
  },
  {
    alert: 'KubeExtAuthzReloadFailed',
    fires: { series: { [own('config_last_reload_successful')]: '0x40' }, atMinute: 10 },
    silent: [
      ['it was taken', { [own('config_last_reload_successful')]: '1x40' }],
      ['it waited for keys', { [own('config_last_reload_successful')]: '0x4 1x40' }],
    ],
  },
  {
    alert: 'KubeExtAuthzAuditLoss',
    fires: {
      series: { [own('audit_dropped_total', ',format="json"')]: '0x10 1x30' },
      atMinute: 10,
    },
    silent: [
      ['none was lost lately', { [own('audit_dropped_total', ',format="json"')]: '7x40' }],
      ['the counter began anew', { [own('audit_dropped_total', ',format="json"')]: '7x9 0x30' }],
    ],
  },
  {
    alert: 'KubeExtAuthzAuditNotWritten',
    fires: {
      series: { [own('readiness_part_ok', ',part="audit-writes"')]: '0x40' },
      atMinute: 10,
    },
    silent: [['it is written', { [own('readiness_part_ok', ',part="audit-writes"')]: '1x40' }]],
  },
  {
    alert: 'KubeExtAuthzReviewErrors',
    fires: {
      series: {
        [reviews('TokenReview', 'error')]: '0+10x60',
        [reviews('SubjectAccessReview', 'allowed')]: '0+90x60',
      },
      atMinute: 20,
    },
    silent: [
      [
        'the API server says no',
        {
          [reviews('SubjectAccessReview', 'denied')]: '0+90x60',
          [reviews('SubjectAccessReview', 'error')]: '0x60',
        },
      ],
      ['nobody asks', { [reviews('TokenReview', 'error')]: '3x60' }],
    ],
  },
  {
    alert: 'KubeExtAuthzSlow',
    fires: {
      series: {
        [bucket('0.5')]: '0+97x80',
        [bucket('1')]: '0+100x80',
        [bucket('+Inf')]: '0+100x80',
      },
      atMinute: 25,
    },
    silent: [
      [
        'one of two hundred is slow',
        {
          [bucket('0.5')]: '0+199x80',
          [bucket('1')]: '0+200x80',
          [bucket('+Inf')]: '0+200x80',
        },
      ],
      ['nobody asks', { [bucket('0.5')]: '0x80', [bucket('+Inf')]: '9x80' }],
    ],
  },
  {
    alert: 'KubeExtAuthzEventLoopSlow',
    fires: { series: { [lag]: '0.4x60', [buildInfo]: '1x60' }, atMinute: 20 },
    silent: [
      ['it is on time', { [lag]: '0.011x60', [buildInfo]: '1x60' }],
      ['it is another program on Node', { [lag]: '0.4x60' }],
    ],
  },
];
