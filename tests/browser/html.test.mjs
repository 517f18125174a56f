import assert from 'node:assert/strict';
import { test } from 'node:test';
import { escape, join } from '../../client/web/static/html.js';

/** @param {TemplateStringsArray} pieces @param {...unknown} values */
const made = (pieces, ...values) => join(pieces, values);

test('a text stays a text, in content and in attributes', () => {
  assert.equal(escape(`<b a="1" c='2'>&`), '&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;');
  assert.equal(made`<p title="${'"><script>'}">${'<i>'}</p>`.markup, '<p title="&quot;&gt;&lt;script&gt;">&lt;i&gt;</p>');
});

test('nothing is drawn for what is not there, and zero for zero', () => {
  assert.equal(made`<p>${null}${undefined}${false}${0}</p>`.markup, '<p>0</p>');
});

test('elements are put in after the markup was read', () => {
  const element = { tagName: 'B' };
  const { markup, inserts } = made`<p>${element}${[element]}</p>`;
  assert.equal(markup, '<p><template data-insert="0"></template><template data-insert="1"></template></p>');
  assert.deepEqual(inserts, [element, [element]]);
});
