import assert from 'node:assert/strict';
import { test } from 'node:test';
import { States, listViolations, mergeState } from '../../client/web/static/states.js';

const state = (path, more = {}) => ({
  path, kind: 'question', relevant: true, value: null, required: false, read_only: false, violations: [], ...more,
});
const wrong = (path) => ({ path, code: 'required', message: '此项必填' });

test('texts and choices that a change leaves out stay as they were', () => {
  const choices = [{ name: 'a', label: '甲' }];
  const merged = mergeState(state('a', { label: '题', choices, reason: '' }), state('a', { value: 1 }));
  assert.equal(merged.label, '题');
  assert.equal(merged.choices, choices);
  assert.equal(merged.value, 1);
  assert.equal(merged.reason, undefined, 'a soft constraint that holds again needs no reason');
});

test('what stood in a removed row is forgotten', () => {
  const states = new States();
  states.replace([state('r', { kind: 'repeat', rows: ['1', '12'] }), state('r[1]/a'), state('r[12]/a')]);
  const drawn = states.apply({ states: [state('r', { kind: 'repeat', rows: ['12'] })], removed: ['r[1]'] });
  assert.deepEqual(drawn, ['r']);
  assert.equal(states.get('r[1]/a'), undefined);
  assert.ok(states.get('r[12]/a'));
});

test('a row counts as filled by what a person answered, not by what was calculated', () => {
  const states = new States();
  states.replace([state('r[1]/n', { value: 1, read_only: true }), state('r[1]/a'), state('r[2]/a', { value: 'x' })]);
  assert.ok(!states.isFilled('r[1]'));
  assert.ok(states.isFilled('r[2]'));
});

test('what is wrong is listed in the order of the form, rows by their number, hidden places left out', () => {
  const node = (name, kind, children) => ({ name, kind, path: name, appearance: [], label: {}, hint: {}, children });
  const survey = [
    node('a', 'question'),
    node('g', 'group', [node('b', 'question')]),
    node('r', 'repeat', [node('c', 'question')]),
    node('h', 'group', [node('d', 'question')]),
  ];
  const states = new Map([
    state('r[y]/c', { label: '丙', violations: [wrong('r[y]/c')] }),
    state('a', { label: '甲', violations: [wrong('a')] }),
    state('g', { kind: 'group' }),
    state('g/b', { label: '乙', violations: [wrong('g/b')] }),
    state('r', { kind: 'repeat', rows: ['x', 'y'] }),
    state('r[x]/c'),
    state('h', { kind: 'group', relevant: false }),
    state('h/d', { violations: [wrong('h/d')] }),
  ].map((each) => [each.path, each]));

  const listed = listViolations(survey, (path) => states.get(path));

  assert.deepEqual(listed.map((each) => [each.path, each.label, each.row]), [
    ['a', '甲', null], ['g/b', '乙', null], ['r[y]/c', '丙', 2],
  ]);
});
