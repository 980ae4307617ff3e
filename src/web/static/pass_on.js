// Passing one code's key on to the centre where its participant is now. See src/sealing/passed.rs. Nothing is opened.

import { hex, need, random, sha256, subtle, unhex, concat } from './bytes.js';
import { unwrap, wrapInfo } from './hpke.js';
import { derived, passedInfo, slotAad } from './open.js';
import {
  api, begin, data, fill, lock, newOnce, onLock, onSubmit, press, put, show, unlock,
} from './page.js';
import { sign } from './signature.js';

let chosen = null;
let made = null;

press('[data-pass]', (button) => {
  chosen = button.dataset;
  made = null;
  fill('[data-number]', chosen.number);
  fill('[data-to]', chosen.to);
  show('sign');
});
press('.to-list', () => show('list'));

async function centreKey(identity, centre, epoch) {
  const { wraps } = await api('GET', `/v1/wraps/${centre}`);
  const held = wraps.find((own) => own.epoch === epoch && own.person === identity.person);
  need(held, 'key.other');
  const info = wrapInfo(data.trial, centre, epoch, identity.person);
  return unwrap(identity.opening, info, unhex(held.wrap, 113), 'HKDF');
}

async function make(identity) {
  const { waiting } = await api('GET', '/v1/passed-keys');
  const one = waiting.find(({ participant }) => participant === chosen.pass);
  need(one, 'unknown');
  const { slot, from, to, epoch } = one;
  const [old, next] = [await centreKey(identity, from, slot.epoch), await centreKey(identity, to, epoch)];
  const own = await derived(old, slotAad(slot), true, 'encrypt');
  const slotKey = new Uint8Array(await subtle.exportKey('raw', own));
  const info = passedInfo(slot, to, epoch);
  const iv = random(12);
  const key = await derived(next, info, false, 'encrypt');
  const under = await subtle.encrypt({ name: 'AES-GCM', iv, additionalData: info }, key, slotKey);
  slotKey.fill(0);
  const sealed = concat(iv, new Uint8Array(under));
  const text = JSON.stringify({
    trial: data.trial, participant: one.number, code: slot.code, centre: to, epoch, sealed: hex(await sha256(sealed)),
    by: identity.person,
  });
  const signature = await sign(identity.signing.key, 'grant', text);
  const body = { participant: one.participant, centre: to, epoch, sealed: hex(sealed), signature };
  return { body, once: newOnce() };
}

onSubmit('pass', async () => {
  made = made || await make(await unlock());
  put('entry', (await api('POST', '/v1/passed-keys', made.body, made.once)).receipt.index);
  lock();
  show('passed');
});

onLock(() => { made = null; });
begin(async () => show('list'));
