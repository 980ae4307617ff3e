// A drill: the road of an emergency, with a slot that is nobody's. What is typed for the practice is sent nowhere.

import { KleroError, groupCode, hex, readCode, unhex } from './bytes.js';
import { unwrap, wrapInfo } from './hpke.js';
import { readManifest } from './manifest.js';
import { openSlot, prove, unwrapFor } from './open.js';
import {
  $, all, api, armWords, begin, chosen, data, fill, isOpen, lock, newOnce, on, onLock, onSubmit, pinned, press, put,
  rootSaid, say, show, step, tell, unlock,
} from './page.js';
import { drillText, sign } from './signature.js';
import { draw, hide } from './shown.js';

let once = null;
let practice = null;
let arm = null;
let receipt = null;
let result = null;

const value = (id) => $(id).value.trim();

function again() {
  lock();
  [once, practice, arm, receipt, result] = [null, null, null, null, null];
  for (const box of all('#app input')) {
    box.checked = box.defaultChecked;
    if (!/radio|checkbox/.test(box.type)) box.value = '';
  }
  show('start');
}

// The telephone rings: from here on the service counts.
on('begin', async () => {
  once = once || newOnce();
  practice = await api('POST', '/v1/drills', { root: rootSaid() }, once);
  const code = groupCode(practice.slot.code);
  fill('[data-code-shown]', code);
  fill('[data-centre]', say(`centre.${practice.centre}`));
  show('find');
});

onSubmit('find', async () => {
  const code = readCode($('code').value);
  if (!code) throw new KleroError('code.check');
  if (code !== practice.slot.code) throw new KleroError('no-match');
  show('break');
});

// The manifest that the entry names, of this trial, and for training alone.
async function trainingList(proven) {
  const list = await readManifest(practice.manifest);
  const { manifest } = pinned();
  const ours = list.trial === manifest.trial && hex(list.configuration) === hex(manifest.configuration);
  if (!ours || list.purpose !== 'training' || list.hash !== proven.told.manifest) throw new KleroError('manifest.bad');
  return list;
}

async function opens({ centre, epoch, person, wrap }, identity) {
  try {
    const info = wrapInfo(pinned().manifest.trial, centre, epoch, person);
    return Boolean(await unwrap(identity.opening, info, unhex(wrap, 113), 'HKDF'));
  } catch (_) {
    return false;
  }
}

// Proves, opens, tries every key, and signs what came of it: that, never what.
async function practised(identity) {
  const asked = { purpose: 'drill', code: practice.slot.code };
  const proven = await prove(practice, pinned(), asked);
  const list = await trainingList(proven);
  const key = await unwrapFor(proven, identity);
  let fits = true;
  try {
    arm = await openSlot(proven.slot, key, list);
  } catch (error) {
    fits = false;
    tell(error);
  }
  const tried = await Promise.all(practice.keys.map((held) => opens(held, identity)));
  const keysOpened = tried.filter((opened) => opened).length;
  const at = new Date().toISOString();
  const { reference } = practice;
  const text = drillText(reference, proven.leaf, fits, keysOpened, at);
  const signature = await sign(identity.signing.key, 'receipt', text);
  put('entry', proven.entry);
  return { once: newOnce(), body: { reference, fits, keysOpened, at, signature } };
}

// Sent at once, and again under the same key when the line was cut.
async function toldResult() {
  if (!result) result = await api('POST', `/v1/drills/${practice.reference}/opened`, receipt.body, receipt.once);
  return result;
}

async function open() {
  const given = value('who') && value('call-back') && chosen('why') && value('what') && chosen('depends');
  if (!given) throw new KleroError('say-all');
  const identity = await unlock();
  receipt = receipt || await practised(identity);
  toldResult().catch(() => {});
}

on('break', async () => {
  await open();
  if (!isOpen()) return;
  if (arm) show('arm');
  else await finish();
});

on('show', async () => draw(armWords(arm), ''));

async function finish() {
  const { passed, seconds, keys, keysOpened } = await toldResult();
  for (const place of all('[data-passed]')) place.hidden = (place.dataset.passed === 'yes') !== passed;
  fill('[data-seconds]', seconds);
  fill('[data-opened]', keysOpened);
  fill('[data-keys]', keys);
  fill('[data-reference]', practice.reference.replace(/^(\w{4})-?/, '$1-'));
  fill('[data-at]', `${new Date(receipt.body.at).toLocaleString('sv', { timeZone: data.zone })} ${data.zone}`);
  hide();
  lock();
  show('result');
}

on('read-back', finish);
on('no-read-back', finish);
on('print', async () => window.print());
press('.again', again);

// Enter goes on to the next box, and never opens a code.
$('form').addEventListener('keydown', (event) => {
  const boxes = all('#form input:not([type=radio]):not([type=checkbox]):not([type=file])');
  const next = boxes[boxes.indexOf(event.target) + 1];
  if (event.key !== 'Enter' || event.isComposing || !boxes.includes(event.target) || !next) return;
  event.preventDefault();
  next.focus();
});

onLock(() => {
  arm = null;
  hide();
  if (step() === 'arm') show('locked');
});
begin(async () => show('start'));
