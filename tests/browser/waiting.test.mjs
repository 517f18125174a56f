import assert from 'node:assert/strict';
import { test } from 'node:test';
import { areAllPhotos, daysWaited, percentOf } from '../../client/web/static/waiting.js';

const NOW = Date.parse('2026-11-23T00:00:00Z');

test('days are told in the steps of the alarm, and never beyond it', () => {
  assert.equal(daysWaited('2026-11-15T00:00:00Z', 7, NOW), 7);
  assert.equal(daysWaited('2026-11-19T00:00:00Z', 7, NOW), 3);
  assert.equal(daysWaited('2026-11-22T12:00:00Z', 7, NOW), null);
  assert.equal(daysWaited('1970-01-01T00:00:00Z', 1, NOW), 1);
  assert.equal(daysWaited('1970-01-01T00:00:00Z', null, NOW), null);
});

test('photos are told from other files by their names', () => {
  assert.equal(areAllPhotos([{ name: 'a.JPG' }, { name: '现场.png' }]), true);
  assert.equal(areAllPhotos([{ name: 'a.jpg' }, { name: 'plan.pdf' }]), false);
  assert.equal(areAllPhotos([]), false);
});

test('how far files are is told of all of them together', () => {
  assert.equal(percentOf([{ size: 100, offset: 100 }, { size: 300, offset: 0 }]), 25);
  assert.equal(percentOf([{ size: 0, offset: 0 }]), 0);
});
