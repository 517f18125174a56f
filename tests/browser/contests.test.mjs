import assert from 'node:assert/strict';
import { test } from 'node:test';
import { askedBy, kindOf, needed, optionsOf, positions } from '../../client/web/static/contests.js';

const says = (head, value, more = {}) => ({ head, present: true, value, reason: null, shown: false, ...more });

test('heads that say the same are one option, a reason makes another', () => {
  const options = optionsOf([says('a', 'x', { shown: true }), says('b', 'y'), says('c', 'x'), says('d', 'y', { reason: 'so' })]);
  assert.deepEqual(options.map((each) => each.heads), [['a', 'c'], ['b'], ['d']]);
  assert.deepEqual(options.map((each) => each.isShown), [true, false, false]);
});

test('a path tells what it names', () => {
  assert.equal(kindOf(''), 'entry');
  assert.equal(kindOf('rows#order'), 'order');
  assert.equal(kindOf('rows[9f3a]'), 'row');
  assert.equal(kindOf('rows[9f3a]/what'), 'value');
  assert.equal(askedBy('groups[a]/rows[9f3a]/what'), 'groups/rows/what');
});

test('under a row that goes nothing has to be decided, under one that stays all', () => {
  const paths = ['rows[a]', 'rows[a]/what', 'rows[ab]/what', 'title'];
  assert.deepEqual(needed(paths, new Map()), paths);
  assert.deepEqual(needed(paths, new Map([['rows[a]', { present: false, value: null }]])), ['rows[a]', 'rows[ab]/what', 'title']);
  assert.deepEqual(needed(paths, new Map([['rows[a]', { present: true, value: {} }]])), paths);
});

test('in an entry that is taken back nothing else has to be decided', () => {
  const paths = ['', 'title'];
  assert.deepEqual(needed(paths, new Map([['', { present: true, value: 'void' }]])), ['']);
  assert.deepEqual(needed(paths, new Map([['', { present: true, value: 'put' }]])), paths);
});

test('an order of rows is told by where they stand now', () => {
  assert.deepEqual(positions(['c', 'a', 'gone'], ['a', 'b', 'c']), [3, 1, null]);
  assert.deepEqual(positions(null, []), []);
});
