// Sealed records: the twin of src/sealing/sealed_record.rs. What stands in them is pharmacy_record.js's and break_record.js's.

import { concat, hex, label, lp, need, random, sha256, subtle, unhex, utf8 } from './bytes.js';
import { unwrap, wrapInfo } from './hpke.js';
import { proveLine } from './proof.js';

// Bytes of the text of each kind, filled up with spaces: sealed, every record of a kind is equally long.
const PLAIN = { preparation: 1024, stock: 512, break: 4096 };
// The entry that keeps each kind.
const ENTRIES = { preparation: 'preparation-recorded', stock: 'stock-recorded', break: 'sealed-part-kept' };
const LETTERS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

// The seal is bound to the record's name, so the device rolls it: 40 bits in eight letters.
export const newRecord = () => Array.from(random(8), (byte) => LETTERS[byte & 31]).join('');

// "klero/v1/pharmacy-record" or "klero/v1/break-record" ‖ 00 ‖ LP(trial) ‖ LP(record)
export const recordInfo = ({ trial, kind, record }) =>
  concat(label(`${kind === 'break' ? 'break' : 'pharmacy'}-record`), lp(trial), lp(record));

async function cipher(centreKey, of, iv, use) {
  const info = recordInfo(of);
  const how = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(0), info };
  const key = await subtle.deriveKey(how, centreKey, { name: 'AES-GCM', length: 256 }, false, [use]);
  return [{ name: 'AES-GCM', iv, additionalData: info }, key];
}

// nonce 12 ‖ AES-256-GCM(record key, nonce, info, text filled up)
export async function sealRecord(centreKey, of, body, iv = random(12)) {
  const text = utf8(JSON.stringify(body));
  need(text.length <= PLAIN[of.kind], 'record.long');
  const filled = new Uint8Array(PLAIN[of.kind]).fill(32);
  filled.set(text);
  const [gcm, key] = await cipher(centreKey, of, iv, 'encrypt');
  return concat(iv, new Uint8Array(await subtle.encrypt(gcm, key, filled)));
}

// What a record says. Another key, trial, name or kind, or an altered byte: they cannot be told apart.
export async function openRecord(centreKey, of, sealed) {
  try {
    need(sealed.length === 12 + PLAIN[of.kind] + 16, 'record.sealed');
    const [gcm, key] = await cipher(centreKey, of, sealed.subarray(0, 12), 'decrypt');
    const filled = await subtle.decrypt(gcm, key, sealed.subarray(12));
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(filled));
  } catch (_) {
    return need(false, 'record.sealed');
  }
}

// A person's own centre keys, by centre and number.
export async function keysOf(identity, trial, wraps) {
  const keys = new Map();
  for (const held of wraps) {
    need(held.person === identity.person, 'key.other');
    const info = wrapInfo(trial, held.centre, held.epoch, held.person);
    keys.set(`${held.centre} ${held.epoch}`, await unwrap(identity.opening, info, unhex(held.wrap), 'HKDF'));
  }
  return keys;
}

// A record is the one that its entry kept, at that centre, about that release: the entry stands under the checkpoint and
// holds the hash of the bytes that came. So none was exchanged since.
export async function proveKept(signed, one, centre) {
  const { line } = await proveLine(signed, { entry: one.line, index: one.entry, proof: one.proof });
  const { on, data } = line;
  const sealed = unhex(one.sealed);
  const same = sealed && line.act === ENTRIES[one.kind] && line.centre === centre && data.epoch === one.epoch
    && (data.record || on.record) === one.record && (one.kind === 'stock' || on.reference === one.release);
  need(same && data.sealed === hex(await sha256(sealed)), 'record.entry');
  return { line, sealed };
}
