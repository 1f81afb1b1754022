/** What holds for a line in every format: it is one line, plain text, and never holds a token. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  acting,
  allowed,
  denied,
  formats,
  impersonating,
  lineOf,
  places,
  recordWith,
  token,
} from '../../support/audit-records.ts';
import { kubeRequest } from '../../support/kube-request.ts';

for (const format of formats) {
  describe(`a line of the format ${format}`, () => {
    it('is one line', () => {
      for (const record of [allowed, denied, impersonating]) {
        assert.match(lineOf(format, record), /^[^\n]+\n$/);
      }
    });

    it('holds neither our own token nor a cause', () => {
      for (const record of [allowed, denied, impersonating]) {
        assert.doesNotMatch(lineOf(format, record), /own-token|for the log alone/);
      }
    });

    for (const [what, character] of acting) {
      it(`escapes ${what} wherever it stands`, () => {
        const line = lineOf(format, recordWith(`a${character}b`)).slice(0, -1);
        assert.ok(!line.includes(character), JSON.stringify(line));
        assert.ok(line.isWellFormed());
      });
    }

    for (const [what, request] of places) {
      it(`holds no token that stands in ${what}`, () => {
        const line = lineOf(format, { ...denied, request: { ...kubeRequest(), ...request } });
        const [head = '', body = '', signature = ''] = token.split('.');
        for (const part of [head, body, signature, body.toLowerCase()])
          assert.ok(!line.includes(part), line);
      });
    }

    it('holds no token that stands in the sentence of a denial', () => {
      const message = `users "${token}" is forbidden`;
      const decision = {
        kind: 'deny',
        auditID: 'a',
        reason: 'impersonation_denied',
        message,
      } as const;
      assert.ok(!lineOf(format, { ...denied, decision }).includes(token));
    });

    it('keeps other letters as they are', () => {
      const line = lineOf(format, recordWith('größe-アリス-😀'));
      assert.match(line, /größe-アリス-😀/);
    });
  });
}
