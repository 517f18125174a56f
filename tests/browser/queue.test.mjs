import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { Queue } from '../../client/web/static/queue.js';

const answer = (path, value) => ({ kind: 'answer', path, value });
const rest = async () => { for (let turn = 0; turn < 20; turn += 1) await Promise.resolve(); };

/** A client that answers when it is told to. */
function client() {
  const sent = [];
  const conditions = [];
  const refused = [];
  let returns = 0;
  let isDown = false;
  let open = [];
  const queue = new Queue({
    send: (step) => {
      sent.push(step);
      return isDown ? Promise.reject(new Error('down')) : new Promise((resolve, reject) => { open.push({ resolve, reject }); });
    },
    isPassing: (error) => error.message === 'down',
    onCondition: (condition) => conditions.push(condition),
    onRefused: (step, error) => refused.push([step, error.message]),
    onReturn: async () => {
      returns += 1;
      if (isDown) throw new Error('down');
    },
  });
  return {
    queue, sent, conditions, refused,
    get returns() { return returns; },
    down(is) { isDown = is; },
    async answerAll() {
      while (open.length) {
        const [first] = open.splice(0, 1);
        first.resolve();
        await rest();
      }
    },
    async fail(message) {
      open.shift().reject(new Error(message));
      await rest();
    },
  };
}

test('steps go one at a time, in order', async () => {
  const { queue, sent, answerAll } = client();
  queue.put(answer('a', 1));
  queue.put(answer('b', 2));
  queue.put({ kind: 'add-row', path: 'r' });
  assert.equal(sent.length, 1);
  await answerAll();
  assert.deepEqual(sent.map((step) => step.path), ['a', 'b', 'r']);
  assert.equal(queue.size, 0);
});

test('an answer that still waits is replaced by a newer one', async () => {
  const { queue, sent, answerAll } = client();
  queue.put(answer('a', 1));
  queue.put(answer('b', 2));
  queue.put(answer('b', 3));
  await answerAll();
  assert.deepEqual(sent.map((step) => step.value), [1, 3]);
});

test('but not across rows that come or go', async () => {
  const { queue, sent, answerAll } = client();
  queue.put(answer('x', 0));
  queue.put(answer('r[1]/a', 1));
  queue.put({ kind: 'remove-row', path: 'r[1]' });
  queue.put(answer('r[1]/a', 2));
  await answerAll();
  assert.deepEqual(sent.map((step) => step.kind), ['answer', 'answer', 'remove-row', 'answer']);
});

test('typing is sent after a moment of quiet, once', async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  const { queue, sent, answerAll } = client();
  queue.put(answer('a', '一'), 100);
  mock.timers.tick(60);
  queue.put(answer('a', '一二'), 100);
  mock.timers.tick(60);
  assert.equal(sent.length, 0);
  mock.timers.tick(60);
  await answerAll();
  assert.deepEqual(sent.map((step) => step.value), ['一二']);
  mock.timers.reset();
});

test('a later step sends what waits for quiet, first', async () => {
  const { queue, sent, answerAll } = client();
  queue.put(answer('a', '一'), 1000);
  queue.put(answer('b', 'x'));
  await answerAll();
  assert.deepEqual(sent.map((step) => step.path), ['a', 'b']);
});

test('nothing is sent while a character is composed', async () => {
  const { queue, sent, answerAll } = client();
  queue.hold();
  queue.put(answer('a', 1));
  queue.flush();
  assert.equal(sent.length, 0);
  queue.release();
  await answerAll();
  assert.equal(sent.length, 1);
});

test('what could not be sent stays first and is sent when the client is back', async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  const it = client();
  it.down(true);
  it.queue.put(answer('a', 1));
  await rest();
  it.queue.put(answer('b', 2));
  assert.equal(it.conditions.at(-1), 'broken');
  assert.equal(it.queue.size, 2);
  mock.timers.tick(10_000);
  await rest();
  assert.equal(it.returns, 1);
  it.down(false);
  mock.timers.tick(10_000);
  await rest();
  await it.answerAll();
  assert.deepEqual(it.sent.slice(1).map((step) => step.path), ['a', 'b']);
  assert.equal(it.conditions.at(-1), 'idle');
  mock.timers.reset();
});

test('a newer answer given during the break is the one that is sent', async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  const it = client();
  it.queue.put(answer('a', 1));
  it.queue.put(answer('a', 2));
  await it.fail('down');
  mock.timers.tick(10_000);
  await rest();
  await it.answerAll();
  assert.deepEqual(it.sent.map((step) => step.value), [1, 2]);
  mock.timers.reset();
});

test('a new row is never asked for twice', async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  const it = client();
  it.queue.put({ kind: 'add-row', path: 'r' });
  await it.fail('down');
  mock.timers.tick(10_000);
  await rest();
  assert.equal(it.sent.length, 1);
  assert.equal(it.refused.length, 1);
  assert.equal(it.conditions.at(-1), 'idle');
  mock.timers.reset();
});

test('what is refused is told, and the next step goes on', async () => {
  const it = client();
  it.queue.put(answer('a', 1));
  it.queue.put(answer('b', 2));
  await it.fail('no such row');
  await it.answerAll();
  assert.deepEqual(it.refused.map(([step, message]) => [step.path, message]), [['a', 'no such row']]);
  assert.deepEqual(it.sent.map((step) => step.path), ['a', 'b']);
});

test('trouble met elsewhere is waited out too', async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  const it = client();
  it.queue.broke(new Error('down'));
  assert.equal(it.conditions.at(-1), 'broken');
  mock.timers.tick(10_000);
  await rest();
  assert.equal(it.returns, 1);
  assert.equal(it.conditions.at(-1), 'idle');
  mock.timers.reset();
});

test('whoever closes the draft can wait until all is sent', async () => {
  const it = client();
  let isDrained = false;
  it.queue.put(answer('a', 1));
  void it.queue.drained().then(() => { isDrained = true; });
  await rest();
  assert.ok(!isDrained);
  await it.answerAll();
  assert.ok(isDrained);
});
