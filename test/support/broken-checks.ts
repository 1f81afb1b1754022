/** Ways to break envoy/bootstrap.yaml: checks that tell too little or believe too much. */
import { type Row } from './broken-bootstrap.ts';
import { extAuthz } from './envoy-rig.ts';

export const brokenChecks: readonly Row[] = [
  [
    'F10',
    'only authorization is sent',
    'allowed_headers',
    [[extAuthz('allowed_headers'), { patterns: [{ exact: 'authorization' }, { prefix: 'x-' }] }]],
  ],
  [
    'F10',
    'identities are hidden',
    'disallowed_headers',
    [[extAuthz('disallowed_headers'), { patterns: [{ safe_regex: { regex: 'impersonate-.*' } }] }]],
  ],
  [
    'F11',
    'headers are joined',
    'encode_raw_headers',
    [[extAuthz('encode_raw_headers'), undefined]],
    'warning',
  ],
  [
    'F12',
    'replies are not validated',
    'validate_mutations',
    [[extAuthz('validate_mutations'), false]],
    'warning',
  ],
  [
    'F13',
    'replies may change everything',
    'decoder_header_mutation_rules',
    [[extAuthz('decoder_header_mutation_rules'), undefined]],
    'warning',
  ],
  [
    'F13',
    'replies may change nothing',
    'decoder_header_mutation_rules',
    [[extAuthz('decoder_header_mutation_rules', 'allow_expression'), undefined]],
  ],
  [
    'F13',
    'forbidden changes are dropped',
    'disallow_is_error',
    [[extAuthz('decoder_header_mutation_rules', 'disallow_is_error'), undefined]],
    'warning',
  ],
  [
    'F14',
    'the version is open',
    'transport_api_version',
    [[extAuthz('transport_api_version'), 'AUTO']],
    'warning',
  ],
  [
    'F14',
    'the version is old',
    'transport_api_version',
    [[extAuthz('transport_api_version'), 'V2']],
    'error',
    'Envoy refuses it',
  ],
  [
    'F15',
    'metadata is ignored',
    'enable_dynamic_metadata_ingestion',
    [[extAuthz('enable_dynamic_metadata_ingestion'), false]],
  ],
  [
    'F16',
    'the timeout is the default',
    'timeout',
    [[extAuthz('grpc_service', 'timeout'), undefined]],
    'warning',
  ],
  ['F16', 'there is no end', 'timeout', [[extAuthz('grpc_service', 'timeout'), '0s']], 'warning'],
  ['F17', 'outages are 403', 'code', [[extAuthz('status_on_error'), undefined]], 'warning'],
  [
    'F19',
    'bodies are sent',
    'with_request_body',
    [[extAuthz('with_request_body'), { max_request_bytes: 1024 }]],
    'warning',
  ],
];
