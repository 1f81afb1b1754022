/** The dashboard is one that Grafana takes: its panels have their places, and its queries know their variables. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { readDashboard, withVariables } from '../support/prometheus-queries.ts';

const { panels, templating, uid } = readDashboard();
const queries = panels.flatMap(({ targets = [] }) => targets);

it('every panel has an ID, a title and, unless it is a heading, a sentence and queries', () => {
  assert.equal(uid, 'kube-ext-authz');
  assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
  for (const { type, title, description = '', targets = [] } of panels) {
    assert.notEqual(title, '');
    if (type === 'row') continue;
    assert.match(description, /\.$/, title);
    assert.ok(targets.length > 0, title);
    assert.equal(new Set(targets.map(({ refId }) => refId)).size, targets.length, title);
  }
});

it('no panel lies on another or beyond the edge', () => {
  const taken = new Map<string, string>();
  for (const { title, gridPos } of panels) {
    assert.ok(gridPos.x >= 0 && gridPos.x + gridPos.w <= 24, title);
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1) {
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
        const place = `${x},${y}`;
        assert.equal(taken.get(place), undefined, `${title} is at ${place}`);
        taken.set(place, title);
      }
    }
  }
});

it('every query is of the chosen instances, and uses no variable that there is not', () => {
  assert.deepEqual(
    templating.list.map(({ name }) => name),
    ['datasource', 'namespace', 'job', 'instance'],
  );
  for (const { expr } of queries) {
    const selectors = expr.match(/\b(?:kube_ext_authz|nodejs|process)_\w+{[^}]*}/g) ?? [];
    assert.ok(selectors.length > 0, expr);
    assert.equal(
      selectors.length,
      (expr.match(/\b(?:kube_ext_authz|nodejs|process)_\w+/g) ?? []).length,
    );
    for (const selector of selectors) {
      for (const name of ['namespace', 'job', 'instance']) {
        assert.ok(selector.includes(`${name}=~"$${name}"`), selector);
      }
    }
    assert.doesNotMatch(withVariables(expr), /\$/);
  }
});
