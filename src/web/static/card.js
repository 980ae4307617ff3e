// Public cards: whose keys these are. See src/sealing/card.rs.

import { exactly, hex, isCentre, isPerson, label, need, sha256, unhex, utf8 } from './bytes.js';
import { importPoint } from './hpke.js';

const AT_CENTRES = ['pharmacist', 'investigator'];
const WHOLE_TRIAL = ['hotline', 'statistician'];
const KEYS = ['klero', 'person', 'role', 'centres', 'opening', 'signing', 'fingerprint'];

// Does a role that holds keys have the centres it must have?
export function fitsRole(role, centres) {
  const named = Array.isArray(centres) && centres.every(isCentre) && centres.length <= 64;
  if (!named || new Set(centres).size !== centres.length) return false;
  return centres.length === 0 ? WHOLE_TRIAL.includes(role) : AT_CENTRES.includes(role);
}

export const mayHold = (card, centre) =>
  WHOLE_TRIAL.includes(card.role) || card.centres.includes(centre);

// first 16 bytes of SHA-256("klero/v1/fingerprint" ‖ 00 ‖ opening ‖ signing), hex
export async function fingerprint(opening, signing) {
  return hex((await sha256(label('fingerprint'), opening, signing)).subarray(0, 16));
}

export const groups = (print) => print.match(/.{4}/g).join(' ');

// The card as compact JSON, keys in this order.
export const cardText = ({ person, role, centres, opening, signing, print }) => JSON.stringify({
  klero: 'card/v1', person, role, centres, opening: hex(opening), signing: hex(signing), fingerprint: print,
});

// Reads a card: no key too many, both points on the curve, and the fingerprint that of its keys.
export async function readCard(text) {
  try {
    need(utf8(text).length <= 8192, 'card.bad');
    const said = exactly(JSON.parse(text), KEYS);
    need(said && said.klero === 'card/v1' && isPerson(said.person), 'card.bad');
    need(fitsRole(said.role, said.centres), 'card.bad');
    const [opening, signing] = [unhex(said.opening, 65), unhex(said.signing, 65)];
    await Promise.all([importPoint(opening), importPoint(signing)]);
    const print = await fingerprint(opening, signing);
    need(print === said.fingerprint, 'card.bad');
    return { person: said.person, role: said.role, centres: said.centres, opening, signing, print };
  } catch (_) {
    return need(false, 'card.bad');
  }
}
