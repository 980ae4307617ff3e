// A centre's sealed records on an unlocked device: read under one entry a page, held against the entries that kept them,
// opened here; new ones sealed here.

import { hex, need } from './bytes.js';
import { api, holder, trail } from './page.js';
import { checkNote } from './proof.js';
import { keysOf, newRecord, openRecord, proveKept, sealRecord } from './record.js';

const PATH = '/v1/pharmacy-records';

// Everything that is kept of a centre. What an earlier key seals that this person never held stays closed, and is counted.
export async function readLedger(centre) {
  const identity = holder();
  const ledger = { centre, records: [], wraps: [], keys: new Map(), newest: 0, bodies: [], closed: 0 };
  const sealed = [];
  let page;
  do {
    const last = ledger.records[ledger.records.length - 1];
    page = await api('GET', `${PATH}/${centre}${last ? `?after=${last.record}` : ''}`);
    const signed = await checkNote(trail(), page.receipt.checkpoint);
    for (const one of page.records) sealed.push((await proveKept(signed, one, centre)).sealed);
    ledger.records.push(...page.records);
  } while (page.more);
  ledger.trial = page.trial;
  ledger.wraps = page.wraps;
  need(page.wraps.every((held) => held.centre === centre), 'key.other');
  ledger.keys = await keysOf(identity, page.trial, page.wraps);
  ledger.newest = Math.max(...page.wraps.map((held) => held.epoch));
  for (const [at, one] of ledger.records.entries()) {
    const key = ledger.keys.get(`${centre} ${one.epoch}`);
    if (!key) ledger.closed += 1;
    else ledger.bodies.push({ kind: one.kind, body: await openRecord(key, { ...one, trial: page.trial }, sealed[at]) });
  }
  return ledger;
}

// A new record for the service to lock: its name, its key's number, its bytes.
export async function newSealed({ trial, centre, keys, newest }, kind, body) {
  const record = newRecord();
  const sealed = await sealRecord(keys.get(`${centre} ${newest}`), { trial, kind, record }, body);
  return { record, epoch: newest, sealed: hex(sealed) };
}

// Today where the device is, as lots are dated.
export function today(now = new Date()) {
  const two = (number) => String(number).padStart(2, '0');
  return `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
}
