import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ago, datetimeTyped, datetimeValue, shortTime, timeValue } from '../../client/web/static/moments.js';

test('a time of day has seconds', () => {
  assert.equal(timeValue('08:30'), '08:30:00');
  assert.equal(timeValue('08:30:15'), '08:30:15');
  assert.equal(timeValue(''), null);
});

test('a date and time carries the offset of where it was typed', () => {
  assert.equal(datetimeValue('2026-11-22T08:30', -480), '2026-11-22T08:30:00+08:00');
  assert.equal(datetimeValue('2026-11-22T08:30:05', 210), '2026-11-22T08:30:05-03:30');
  assert.equal(datetimeValue('', 0), null);
  assert.equal(datetimeTyped('2026-11-22T08:30:00+08:00'), '2026-11-22T08:30');
});

test('the date is left out today, the year is told in another year', () => {
  const now = new Date(2026, 10, 22, 12);
  assert.equal(shortTime(new Date(2026, 10, 22, 8, 5).getTime(), 'zh-CN', now), '08:05');
  assert.match(shortTime(new Date(2026, 4, 3, 8, 5).getTime(), 'zh-CN', now), /5月3日/);
  assert.match(shortTime(new Date(2019, 4, 3, 8, 5).getTime(), 'zh-CN', now), /2019年/);
});

test('how long ago is told in the roundest words, and the future is now', () => {
  const now = new Date('2026-11-22T12:00:00Z');
  assert.equal(ago('2026-11-22T11:57:00Z', 'zh-CN', now), '3分钟前');
  assert.equal(ago('2026-11-22T09:00:00Z', 'en', now), '3 hours ago');
  assert.equal(ago('2026-11-20T12:00:00Z', 'zh-CN', now), '前天');
  assert.equal(ago('2026-11-22T12:00:40Z', 'en', now), 'this minute');
});
