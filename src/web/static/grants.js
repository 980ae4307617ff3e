// Giving a centre key, or taking it away. The fingerprint that is expected is never shown: it is typed as it is heard.

import { need } from './bytes.js';
import { compare, grantKey } from './grant.js';
import { all, api, begin, data, fill, lock, newOnce, on, onLock, onSubmit, press, put, show, unlock } from './page.js';

let chosen = null;
let granted = null;
let once = null;

const boxes = all('.groups input');

function choose(button, step) {
  chosen = button.dataset;
  granted = null;
  once = newOnce();
  fill('[data-who]', chosen.name);
  fill('[data-where]', chosen.centreName);
  for (const box of boxes) box.value = '';
  show(step);
}

press('[data-grant]', (button) => choose(button, 'call'));
press('[data-remove]', (button) => choose(button, 'remove'));
press('.to-list', () => show('list'));

// Four digits fill a box; a whole fingerprint that is pasted fills them all.
boxes.forEach((box, i) => box.addEventListener('input', () => {
  const digits = box.value.replace(/\s/g, '');
  if (digits.length > 4) boxes.slice(i).forEach((other, n) => { other.value = digits.slice(4 * n, 4 * n + 4); });
  else if (digits.length === 4 && boxes[i + 1]) boxes[i + 1].focus();
}));

on('called', async () => show('type'));

onSubmit('grant', async () => {
  const { cards, holdings } = await api('GET', '/v1/keys');
  const { card } = cards.find(({ person }) => person === chosen.person) || {};
  need(card, 'card.bad');
  let newcomer;
  try {
    newcomer = await compare(card, boxes.map((box) => box.value));
  } catch (error) {
    show('differs');
    throw error;
  }
  need(newcomer.person === chosen.person, 'card.bad');
  const identity = await unlock();
  if (!granted) {
    const { wraps } = await api('GET', `/v1/wraps/${chosen.centre}`);
    // After a rotation the last key still opens what was issued under it: all that the newcomer lacks are given.
    const has = ({ epoch }) => holdings.some((held) => held.epoch === epoch
      && held.centre === chosen.centre && held.person === chosen.person);
    const give = async (own) => ({ body: await grantKey(newcomer, own, identity, data.trial), key: newOnce() });
    granted = await Promise.all(wraps.filter((own) => !has(own)).map(give));
  }
  for (const { body, key } of granted) put('entry', (await api('POST', '/v1/grants', body, key)).receipt.index);
  lock();
  show('granted');
});

on('take', async () => {
  await api('POST', '/v1/grants/remove', { person: chosen.person, centre: chosen.centre }, once);
  show('removed');
});

onLock(() => { granted = null; });
begin(async () => show('list'));
