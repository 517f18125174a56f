import assert from 'node:assert/strict';
import { test } from 'node:test';
import { childPath, elementId, isUnder, rowPath } from '../../client/web/static/paths.js';

test('a question of the form stands at its name, one of a group or row below it', () => {
  assert.equal(childPath('', 'title'), 'title');
  assert.equal(childPath(rowPath('contests', '9f3a'), 'project'), 'contests[9f3a]/project');
});

test('what stands under a row is told from a row whose id begins alike', () => {
  assert.ok(isUnder('a[1]/b', 'a[1]'));
  assert.ok(isUnder('a[1]', 'a'));
  assert.ok(isUnder('a', 'a'));
  assert.ok(!isUnder('a[12]/b', 'a[1'));
  assert.ok(!isUnder('ab', 'a'));
});

test('two paths never share an element id, and the id needs no escaping by labels', () => {
  const paths = ['a/b', 'a[b]', 'a_b', 'a-b', 'a.b', '甲/乙'];
  assert.equal(new Set(paths.map(elementId)).size, paths.length);
  for (const path of paths) assert.match(elementId(path), /^[\w.-]+$/);
});
