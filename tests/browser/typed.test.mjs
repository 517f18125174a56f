import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decimalValue, fileSize, integerValue, textValue } from '../../client/web/static/typed.js';

test('blank text is no answer, other text stays as it was typed', () => {
  assert.equal(textValue('   '), null);
  assert.equal(textValue(' 甲 '), ' 甲 ');
});

test('figures of a Chinese input method are figures', () => {
  assert.equal(integerValue('１２０'), 120);
  assert.equal(decimalValue('－３．５'), '-3.5');
  assert.equal(decimalValue('12。5'), '12.5');
});

test('thousands may be set apart, where they are thousands', () => {
  assert.equal(integerValue('1,234,567'), 1234567);
  assert.equal(decimalValue('1,234.50'), '1234.50');
  assert.equal(decimalValue('1,23'), '1,23');
});

test('what is no number is kept, for the engine to say so', () => {
  assert.equal(integerValue('12人'), '12人');
  assert.equal(integerValue('1.5'), '1.5');
  assert.equal(integerValue('99999999999999999999'), '99999999999999999999');
  assert.equal(integerValue(''), null);
});

test('a size is told in the roundest unit', () => {
  assert.equal(fileSize(0, 'en'), '0 B');
  assert.equal(fileSize(999, 'en'), '999 B');
  assert.equal(fileSize(1_500_000, 'en'), '1.5 MB');
});
