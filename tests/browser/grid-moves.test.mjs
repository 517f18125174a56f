import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fitsGrid, placeAfter, stepOf } from '../../client/web/static/grid-moves.js';

const press = (key, more = {}) => ({ key, shift: false, strong: false, cell: 'text', atStart: true, atEnd: true, ...more });
const grid = { rows: 3, columns: 4, canGrow: true, isEnter: false };

test('Enter leads down, with Shift up', () => {
  assert.deepEqual(stepOf(press('Enter')), { row: 1, column: 0 });
  assert.deepEqual(stepOf(press('Enter', { shift: true })), { row: -1, column: 0 });
});

test('an arrow leaves a text only at its end', () => {
  assert.deepEqual(stepOf(press('ArrowRight')), { row: 0, column: 1 });
  assert.equal(stepOf(press('ArrowRight', { atEnd: false })), null);
  assert.equal(stepOf(press('ArrowUp', { atStart: false })), null);
  assert.deepEqual(stepOf(press('ArrowUp', { atStart: false, strong: true })), { row: -1, column: 0 });
});

test('a list keeps the arrows that change it, a date keeps them all', () => {
  assert.equal(stepOf(press('ArrowDown', { cell: 'select' })), null);
  assert.deepEqual(stepOf(press('ArrowLeft', { cell: 'select' })), { row: 0, column: -1 });
  assert.equal(stepOf(press('ArrowLeft', { cell: 'other' })), null);
  assert.deepEqual(stepOf(press('ArrowLeft', { cell: 'other', strong: true })), { row: 0, column: -1 });
});

test('letters, Tab and marking text are left to the cell', () => {
  for (const key of ['a', 'Tab', 'Home']) assert.equal(stepOf(press(key)), null);
  assert.equal(stepOf(press('ArrowRight', { shift: true })), null);
});

test('Enter in the last row asks for a new one, where there may be one', () => {
  const down = { row: 1, column: 0 };
  assert.equal(placeAfter({ row: 2, column: 1 }, down, { ...grid, isEnter: true }), 'grow');
  assert.equal(placeAfter({ row: 2, column: 1 }, down, { ...grid, isEnter: true, canGrow: false }), null);
  assert.equal(placeAfter({ row: 2, column: 1 }, down, grid), null);
});

test('nothing leads out of the grid', () => {
  assert.equal(placeAfter({ row: 0, column: 0 }, { row: -1, column: 0 }, grid), null);
  assert.equal(placeAfter({ row: 0, column: 3 }, { row: 0, column: 1 }, grid), null);
  assert.deepEqual(placeAfter({ row: 0, column: 2 }, { row: 0, column: 1 }, grid), { row: 0, column: 3 });
});

test('only rows of plain questions are drawn as lines', () => {
  const repeat = (type, appearance = ['grid'], kind = 'question') => ({ appearance, children: [{ kind, type }] });
  assert.ok(fitsGrid(repeat('text')));
  assert.ok(!fitsGrid(repeat('image')));
  assert.ok(!fitsGrid(repeat('text', [])));
  assert.ok(!fitsGrid(repeat('repeat', ['grid'], 'repeat')));
});
