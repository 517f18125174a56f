import assert from 'node:assert/strict';
import { test } from 'node:test';
import { displayText } from '../../client/web/static/display.js';
import { locate, positionOf } from '../../client/web/static/geolocation.js';
import { pieces } from '../../client/web/static/markdown.js';
import { chooseLanguage, labelOf, t, useTexts } from '../../client/web/static/texts.js';

test('the language is Chinese until a person chooses another that we have', () => {
  assert.equal(chooseLanguage(null), 'zh-CN');
  assert.equal(chooseLanguage('en'), 'en');
  assert.equal(chooseLanguage('fr'), 'zh-CN');
});

test('places in a text are filled, and what is missing shows', () => {
  useTexts('en', { hello: 'Hello {name}, {left}' });
  assert.equal(t('hello', { name: '<b>' }), 'Hello <b>, {left}');
  assert.equal(t('nothing'), 'nothing');
  assert.equal(labelOf({ 'zh-CN': '甲', en: 'A' }), 'A');
  assert.equal(labelOf({ '': 'x' }), 'x');
  assert.equal(labelOf({}), '');
});

test('the little Markdown of labels becomes pieces, the rest stays text', () => {
  assert.deepEqual(pieces('a **b** *c*\nd <i>'), [
    { kind: 'text', text: 'a ' }, { kind: 'strong', text: 'b' }, { kind: 'text', text: ' ' },
    { kind: 'em', text: 'c' }, { kind: 'br', text: '' }, { kind: 'text', text: 'd <i>' },
  ]);
  assert.deepEqual(pieces('2 * 3 * 4'), [{ kind: 'text', text: '2 * 3 * 4' }]);
});

test('an answer is read as its label, its date, its name', () => {
  const choices = [{ name: 'a', label: '甲' }, { name: 'b', label: '乙' }];
  const show = (type, value) => displayText({ type }, { value, choices }, 'zh-CN');
  assert.equal(show('select_one', 'b'), '乙');
  assert.equal(show('select_one', 'gone'), 'gone');
  assert.equal(show('select_multiple', ['a', 'b']), '甲、乙');
  assert.equal(show('date', '2019-05-30'), '2019年5月30日');
  assert.equal(show('date', 'soon'), 'soon');
  assert.equal(show('file', { name: '方案.pdf' }), '方案.pdf');
  assert.equal(show('geopoint', { lat: '1', lon: '2', accuracy: '5' }), '1, 2 (±5 m)');
  assert.equal(show('text', null), '');
  assert.equal(show('integer', 0), '0');
  assert.equal(show('date', 7), '7');
});

test('a position is decimal text, with what the device knows of its accuracy', async () => {
  const coords = { latitude: 39.608712345678, longitude: 109.78, altitude: null, accuracy: 12.34 };
  assert.deepEqual(positionOf(coords), { lat: '39.6087123', lon: '109.78', accuracy: '12.3' });
  const found = await locate({ getCurrentPosition: (ok) => ok({ coords }) });
  assert.ok('position' in found);
});

test('why there is no position is told by name', async () => {
  for (const [code, trouble] of [[1, 'denied'], [2, 'unavailable'], [3, 'timeout'], [9, 'unavailable']]) {
    assert.deepEqual(await locate({ getCurrentPosition: (_, fail) => fail({ code }) }), { trouble });
  }
  assert.deepEqual(await locate(undefined), { trouble: 'unavailable' });
});
