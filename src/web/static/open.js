// Opening one released slot. No arm comes out before all is proven. See src/cli/open.rs, release.rs.

import {
  concat, exactly, hex, isCentre, isPerson, isStratum, isTrial, isU32, label, lp, need, readCode, same, subtle, u32,
  unhex,
} from './bytes.js';
import { mayHold } from './card.js';
import { unwrap, wrapInfo } from './hpke.js';
import { readManifest } from './manifest.js';
import { leafHash, proveEntry, readPath, readTrailKey, rootFromPath } from './proof.js';
import { receiptText, sign } from './signature.js';

const ACTS = { prepare: 'release-for-preparation', break: 'release-for-break', drill: 'drill' };
const BAD = 'proof.bad';

// The public commitment, as GET /v1/commitment gives it: the manifests of all segments, verified, and the trail's key.
export async function readCommitment({ manifest, trailKey, extensions = [] }) {
  const first = await readManifest(manifest);
  const all = [first];
  for (const text of extensions) {
    const next = await readManifest(text);
    need(next.trial === first.trial && next.purpose === first.purpose, 'manifest.bad');
    need(next.arms.join('\n') === first.arms.join('\n'), 'manifest.bad');
    all.push(next);
  }
  return { manifest: first, all, trail: await readTrailKey(trailKey) };
}

const plainReference = (text) => {
  const plain = String(text).replace('-', '');
  return /^[0-9A-HJKMNP-TV-Z]{8}$/.test(plain) ? plain : null;
};

const SLOT = ['trial', 'segment', 'stratum', 'position', 'code', 'epoch', 'sealed', 'leafPath'];

function readSlot(said) {
  const slot = exactly(said, SLOT);
  const leafPath = slot && exactly(slot.leafPath, ['index', 'size', 'path']);
  const path = leafPath && readPath(leafPath.path);
  const sealed = slot && unhex(slot.sealed, 92);
  need(path && sealed && isTrial(slot.trial) && isStratum(slot.stratum), BAD);
  need([slot.segment, slot.position, slot.epoch].every(isU32) && readCode(slot.code) === slot.code, BAD);
  return { ...slot, sealed, leafPath: { ...leafPath, path } };
}

function readWrap(said) {
  const held = exactly(said, ['centre', 'epoch', 'person', 'wrap']);
  const wrap = held && unhex(held.wrap, 113);
  need(wrap && isCentre(held.centre) && isU32(held.epoch) && isPerson(held.person), BAD);
  return { ...held, wrap };
}

// After a participant moved: the slot's own key, under the key of the centre where the participant is now.
function readPassed(said, held) {
  if (said === undefined) return null;
  const passed = exactly(said, ['centre', 'epoch', 'sealed']);
  const sealed = passed && unhex(passed.sealed, 60);
  need(sealed && isCentre(passed.centre) && isU32(passed.epoch), BAD);
  need(passed.centre === held.centre && passed.epoch === held.epoch, BAD);
  return { ...passed, sealed };
}

// The checkpoint is signed, the entry is under it, and it is about this very release, slot, participant and person.
export async function prove(release, commitment, asked) {
  const { trail } = commitment;
  const [slot, held] = [readSlot(release.slot), readWrap(release.wrap)];
  // Nothing of another segment opens against the first.
  const manifest = commitment.all.find(({ segment }) => segment === slot.segment) || commitment.manifest;
  const reference = plainReference(release.reference);
  slot.passed = readPassed(release.passed, held);
  const centre = slot.passed ? slot.passed.centre : slot.stratum.split('/')[0];
  const receipt = exactly(release.receipt, ['entry', 'index', 'proof', 'checkpoint']);
  need(reference && isCentre(centre) && receipt && ACTS[release.purpose], BAD);
  const { line, leaf } = await proveEntry(trail, receipt);
  const { on } = line;
  need(line.act === ACTS[release.purpose] && line.by === held.person, BAD);
  need(on.code === slot.code && on.participant === release.participant, BAD);
  need(on.reference === reference && (line.centre === undefined || line.centre === centre || release.purpose === 'break'), BAD);
  // A true answer to another question is not an answer to this one.
  need(release.purpose === asked.purpose && release.participant === asked.participant, BAD);
  need(asked.code === undefined || slot.code === asked.code, BAD);
  return { manifest, slot, held, centre, leaf: hex(leaf), at: line.at, entry: line.seq, place: line.centre || centre, reference: release.reference, told: line.data };
}

// LP(trial) ‖ u32(segment) ‖ LP(stratum) ‖ u32(position) ‖ LP(code)
const place = ({ trial, segment, stratum, position, code }) =>
  concat(lp(trial), u32(segment), lp(stratum), u32(position), lp(code));

// "klero/v1/slot" ‖ 00 ‖ place ‖ u32(epoch)
export const slotAad = (slot) => concat(label('slot'), place(slot), u32(slot.epoch));

// HKDF(salt empty, ikm key, info, 32), as a key of AES-256-GCM.
export function derived(from, info, extractable, use) {
  const how = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(0), info };
  return subtle.deriveKey(how, from, { name: 'AES-GCM', length: 256 }, extractable, [use]);
}

// "klero/v1/passed-key" ‖ 00 ‖ slot aad ‖ LP(centre) ‖ u32(epoch)
export const passedInfo = (slot, centre, epoch) => concat(label('passed-key'), slotAad(slot), lp(centre), u32(epoch));

async function takePassed(slot, centreKey) {
  const { centre, epoch, sealed } = slot.passed;
  const info = passedInfo(slot, centre, epoch);
  const key = await derived(centreKey, info, false, 'unwrapKey');
  const gcm = { name: 'AES-GCM', iv: sealed.subarray(0, 12), additionalData: info };
  return subtle.unwrapKey('raw', sealed.subarray(12), key, gcm, 'AES-GCM', false, ['decrypt']);
}

// 01 ‖ arm index ‖ 30 × 00 ‖ salt 32
export async function openPayload(slot, centreKey) {
  const info = slotAad(slot);
  const gcm = { name: 'AES-GCM', iv: slot.sealed.subarray(0, 12), additionalData: info };
  try {
    const key = slot.passed ? await takePassed(slot, centreKey) : await derived(centreKey, info, false, 'decrypt');
    return new Uint8Array(await subtle.decrypt(gcm, key, slot.sealed.subarray(12)));
  } catch (_) {
    return need(false, 'seal.bad');
  }
}

// The wrap must be this person's, of the slot's centre and epoch, and open with their key.
export async function unwrapFor(proven, identity) {
  const { held, slot, manifest, centre } = proven;
  need(held.person === identity.person && held.centre === centre, 'key.other');
  need(mayHold(identity, centre), 'key.other');
  const info = wrapInfo(manifest.trial, held.centre, held.epoch, held.person);
  return unwrap(identity.opening, info, held.wrap, 'HKDF');
}

// Opens the slot and proves it against the pinned manifest. The one function an arm comes out of.
export async function openSlot(slot, centreKey, manifest) {
  const { leafPath } = slot;
  need(slot.trial === manifest.trial && slot.segment === manifest.segment, 'seal.bad');
  need(leafPath.size === manifest.total, 'seal.bad');
  const payload = await openPayload(slot, centreKey);
  const name = manifest.arms[payload[1]];
  const formed = payload.length === 64 && payload[0] === 1 && payload.subarray(2, 32).every((byte) => byte === 0);
  need(formed && name !== undefined, 'seal.bad');
  // 01 ‖ place ‖ LP(arm) ‖ salt
  const leaf = await leafHash(concat(Uint8Array.of(1), place(slot), lp(name), payload.subarray(32)));
  const root = await rootFromPath(leaf, leafPath.index, leafPath.size, leafPath.path);
  need(root && same(root, manifest.root), 'seal.bad');
  return { index: payload[1], name };
}

// That it opened and whether it fitted, never what.
export async function openingReceipt(proven, identity, fits) {
  const at = new Date().toISOString();
  const { reference, leaf } = proven;
  const text = receiptText(reference, leaf, fits, at);
  return { reference, fits, at, signature: await sign(identity.signing.key, 'receipt', text) };
}
