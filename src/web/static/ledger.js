// A centre's sealed records on an unlocked device: read under one entry a page, opened here; new ones sealed here.

import { KleroError, hex, unhex } from './bytes.js';
import { unwrap, wrapInfo } from './hpke.js';
import { api, holder } from './page.js';
import { newRecord, openRecord, sealRecord } from './pharmacy_record.js';

const PATH = '/v1/pharmacy-records';

// Everything that is kept of a centre. What an earlier key seals that this person never held stays closed, and is counted.
export async function readLedger(centre) {
  const identity = holder();
  const ledger = { centre, records: [], wraps: [], keys: new Map(), newest: 0, bodies: [], closed: 0 };
  let page;
  do {
    const last = ledger.records[ledger.records.length - 1];
    page = await api('GET', `${PATH}/${centre}${last ? `?after=${last.record}` : ''}`);
    ledger.records.push(...page.records);
  } while (page.more);
  ledger.trial = page.trial;
  ledger.wraps = page.wraps;
  for (const held of page.wraps) {
    if (held.person !== identity.person || held.centre !== centre) throw new KleroError('key.other');
    const info = wrapInfo(page.trial, centre, held.epoch, held.person);
    ledger.keys.set(held.epoch, await unwrap(identity.opening, info, unhex(held.wrap), 'HKDF'));
    ledger.newest = Math.max(ledger.newest, held.epoch);
  }
  for (const one of ledger.records) {
    const key = ledger.keys.get(one.epoch);
    if (!key) ledger.closed += 1;
    else ledger.bodies.push({ kind: one.kind, body: await openRecord(key, { ...one, trial: page.trial }, unhex(one.sealed) || []) });
  }
  return ledger;
}

// A new record for the service to lock: its name, its key's number, its bytes.
export async function newSealed(ledger, kind, body) {
  const [record, epoch] = [newRecord(), ledger.newest];
  const sealed = await sealRecord(ledger.keys.get(epoch), { trial: ledger.trial, kind, record }, body);
  return { record, epoch, sealed: hex(sealed) };
}

// Today where the device is, as lots are dated.
export function today(now = new Date()) {
  const two = (number) => String(number).padStart(2, '0');
  return `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
}
