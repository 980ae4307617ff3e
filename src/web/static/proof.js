// The trail's checkpoints (C2SP signed notes) and the hash tree of RFC 6962. See src/sealing/checkpoint.rs, tree.rs.

import { hex, isLine, need, same, sha256, unbase64, unhex, utf8 } from './bytes.js';
import { verifyEd25519 } from './ed25519.js';

const BAD = 'proof.bad';
const LF = '\n';
const isOrigin = (text) => isLine(text, 200) && !/[\s+]/.test(text);

// vkey = origin "+" hex(key id) "+" base64(01 ‖ public key);  key id = SHA-256(origin ‖ LF ‖ 01 ‖ public key)[..4]
export async function readTrailKey(vkey) {
  // Base64 may hold a "+" of its own.
  const [, origin, id, encoded] = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/.exec(vkey) || [];
  const key = encoded && unbase64(encoded);
  need(isOrigin(origin) && key && key.length === 33 && key[0] === 1, BAD);
  const own = (await sha256(utf8(origin + LF), key)).subarray(0, 4);
  need(hex(own) === id, BAD);
  return { origin, id: own, key: key.subarray(1) };
}

// A note of this trail, our signature verified. Witnesses may stand beside us; they are not looked at.
export async function checkNote(trail, note, verify = verifyEd25519) {
  need(typeof note === 'string' && utf8(note).length <= 8192 && note.endsWith(LF), BAD);
  const cut = note.indexOf(LF + LF);
  need(cut > 0, BAD);
  const text = note.slice(0, cut + 1);
  const lines = note.slice(cut + 2, -1).split(LF);
  need(lines.length <= 16, BAD);
  const [origin, size, root, end, ...rest] = text.split(LF);
  const number = Number(size);
  need(end === '' && rest.length === 0 && origin === trail.origin, BAD);
  need(/^(?:0|[1-9][0-9]{0,15})$/.test(size) && Number.isSafeInteger(number), BAD);
  const rootBytes = unbase64(root);
  need(rootBytes && rootBytes.length === 32, BAD);
  const signature = ourSignature(trail, lines);
  need(await verify(trail.key, signature, utf8(text)), BAD);
  return { size: number, root: rootBytes };
}

function ourSignature(trail, lines) {
  let ours = null;
  for (const line of lines) {
    const [, name, encoded] = /^— (\S+) (\S+)$/.exec(line) || [];
    const signed = encoded && unbase64(encoded);
    need(signed && signed.length >= 5 && isOrigin(name), BAD);
    if (name === trail.origin && same(signed.subarray(0, 4), trail.id)) {
      need(ours === null, BAD);
      ours = signed.subarray(4);
    }
  }
  need(ours && ours.length === 64, BAD);
  return ours;
}

// SHA-256(00 ‖ bytes)
export const leafHash = (bytes) => sha256(Uint8Array.of(0), bytes);

const node = (left, right) => sha256(Uint8Array.of(1), left, right);

// The nodes of a path, from hex.
export function readPath(list) {
  const nodes = Array.isArray(list) && list.length <= 64 && list.map((text) => unhex(text, 32));
  return nodes && nodes.every(Boolean) ? nodes : null;
}

// The root that `path` leads to; null when no such path can belong there.
export async function rootFromPath(leaf, index, size, path) {
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(size) || index < 0 || index >= size) return null;
  let [here, last, hash] = [index, size - 1, leaf];
  // Numbers beyond 32 bits: halved by division, not by shifts.
  const half = (n) => Math.floor(n / 2);
  for (const neighbour of path) {
    if (last === 0) return null;
    if (here % 2 === 1 || here === last) {
      hash = await node(neighbour, hash);
      // A lone last node was carried up: its neighbour stands some rows above.
      while (here > 0 && here % 2 === 0) [here, last] = [half(here), half(last)];
    } else {
      hash = await node(hash, neighbour);
    }
    [here, last] = [half(here), half(last)];
  }
  return last === 0 ? hash : null;
}

const KEYS = /^v,seq,at,by,role,act,(?:centre,)?on,data,(?:private,salt,)?prev$/;

// A line of the trail that stands under the signed note.
export const proveEntry = async (trail, receipt) => proveLine(await checkNote(trail, receipt.checkpoint), receipt);

// A line that stands under a checked note. Written back it is the same text: one thing, one hash.
export async function proveLine({ size, root }, { entry, index, proof }) {
  need(typeof entry === 'string' && utf8(entry).length <= 65535, BAD);
  const leaf = await leafHash(utf8(entry));
  const nodes = readPath(proof);
  const reached = nodes && (await rootFromPath(leaf, index, size, nodes));
  need(reached && same(reached, root), BAD);
  let line;
  try {
    line = JSON.parse(entry);
  } catch (_) {
    need(false, BAD);
  }
  need(line && line.on, BAD);
  need(JSON.stringify(line) === entry && KEYS.test(Object.keys(line).join()), BAD);
  need(line.v === 1 && line.seq === index, BAD);
  return { line, leaf };
}
