// @ts-check
/**
 * Following what other tabs do to the same draft, and how far the disk has come.
 *
 * Tabs of one browser call each other at once; a slow poll finds whatever else happens.
 */

const SOON = 250;
const VISIBLE = 1500;
const HIDDEN = 6000;

/**
 * @param {string} draft
 * @param {object} page
 * @param {() => boolean} page.isBusy own steps are on their way
 * @param {() => number} page.seen the sequence that the page has seen
 * @param {() => boolean} page.isSaved the disk has all of it
 * @param {() => Promise<any>} page.ask
 * @param {(answer: any) => void} page.onEvents
 * @param {(error: any) => void} page.onTrouble
 */
export function follow(draft, page) {
  const channel = new BroadcastChannel(`tianbao-draft-${draft}`);
  /** @type {any} */
  let timer = null;
  let isAsking = false;

  function plan(wait = page.isSaved() ? (document.hidden ? HIDDEN : VISIBLE) : SOON) {
    clearTimeout(timer);
    timer = setTimeout(ask, wait);
  }

  async function ask() {
    if (isAsking || page.isBusy()) {
      plan(SOON);
      return;
    }
    isAsking = true;
    const asked = page.seen();
    try {
      const answer = await page.ask();
      // A step of our own that went out meanwhile brings what this answer knows, and more.
      if (!page.isBusy() && page.seen() === asked) page.onEvents(answer);
    } catch (error) {
      page.onTrouble(error);
    }
    isAsking = false;
    plan();
  }

  const onVisible = () => { if (!document.hidden) plan(0); };
  channel.addEventListener('message', () => plan(0));
  document.addEventListener('visibilitychange', onVisible);
  plan();
  return {
    /** Tell the other tabs, and look soon whether the disk has it. */
    stepped() {
      channel.postMessage('step');
      plan();
    },
    stop() {
      clearTimeout(timer);
      channel.close();
      document.removeEventListener('visibilitychange', onVisible);
    },
  };
}
