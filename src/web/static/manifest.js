// The manifest: the short signed text by which the list is known. Lines in one order, an empty line, the signature.
// See src/sealing/manifest.rs; limits and refusals are the same.

import { hex, isLine, isPerson, isStratum, isTrial, isU32, need, sha256, unhex, utf8 } from './bytes.js';
import { verify } from './signature.js';

const BAD = 'manifest.bad';
const N = '0|[1-9][0-9]{0,9}';
const H32 = '[0-9a-f]{64}';

// The whole text, every value in the one way it is written.
const FORM = new RegExp(`^${[
  'klero manifest v1', 'trial: (?<trial>.+)', 'purpose: (?<purpose>live|training)', `segment: (?<segment>${N})`,
  `configuration: (?<configuration>${H32})`, 'arms: (?<arms>.+)', 'ratio: (?<ratio>.+)',
  `(?:sizes: (?<sizes>.+)|sizes-commit: ${H32})`, `slots: (?<slots>${N})`, `(?<strata>(?:stratum: (?:${N}) .+\n)+)seed-commit: ${H32}`,
  'beacon:(?: (?<beacon>[0-9a-f]+))?', 'beacon-description: (?<description>.+)', `root: (?<root>${H32})`,
  'signer: (?<signer>.+)', 'signer-key: (?<key>[0-9a-f]{130})',
].join('\n')}\n$`);

// A JSON list in the one way it is written.
function list(text, reads) {
  let values = null;
  try {
    values = JSON.parse(text);
  } catch (_) { /* refused below */ }
  need(Array.isArray(values) && JSON.stringify(values) === text, BAD);
  need(values.length >= 1 && values.length <= 16 && values.every(reads), BAD);
  return values;
}

const once = (names) => new Set(names).size === names.length;

// Do arms, ratio, sizes, strata and slots fit each other and their limits?
function agrees({ arms, ratio, sizes, slots, strata, total }) {
  const sum = ratio.reduce((all, part) => all + part, 0);
  need(arms.length >= 2 && once(arms) && ratio.length === arms.length && !ratio.includes(0), BAD);
  need(sum <= 256 && sizes.every((size) => size >= 1 && size <= 256 && size % sum === 0), BAD);
  const most = slots + (sizes.length ? Math.max(...sizes) : 256);
  need(strata.length <= 1000 && once(strata.map(({ name }) => name)), BAD);
  need(strata.every(({ count, name }) => isStratum(name) && count >= slots && count < most), BAD);
  need(total >= 1 && total <= 100000, BAD);
}

// Verifies the signature against the key it names. A stranger's is signed too: what counts is the pinned root.
export async function readManifest(file) {
  need(typeof file === 'string' && utf8(file).length <= 256 * 1024, BAD);
  const cut = file.indexOf('\n\n');
  const [, digits] = /^signature: ([0-9a-f]{128})\n$/.exec(file.slice(cut + 2)) || [];
  const text = file.slice(0, cut + 1);
  const found = FORM.exec(text);
  need(cut > 0 && digits && found, BAD);
  const { groups: g } = found;
  const strata = g.strata.trimEnd().split('\n').map((line) => {
    const [, count, name] = /^stratum: (\d+) (.+)$/.exec(line);
    return { count: Number(count), name };
  });
  const said = {
    trial: g.trial, purpose: g.purpose, segment: Number(g.segment), configuration: unhex(g.configuration),
    arms: list(g.arms, (name) => isLine(name, 100)), ratio: list(g.ratio, isU32), sizes: g.sizes ? list(g.sizes, isU32) : [],
    slots: Number(g.slots), strata, total: strata.reduce((all, { count }) => all + count, 0), root: unhex(g.root),
    signer: g.signer,
  };
  need(isTrial(g.trial) && isU32(said.segment) && isPerson(g.signer) && isLine(g.description, 500), BAD);
  need(!g.beacon || (g.beacon.length % 2 === 0 && g.beacon.length <= 2048), BAD);
  agrees(said);
  need(await verify(unhex(g.key), 'manifest', text, unhex(digits)), BAD);
  return { ...said, hash: hex(await sha256(utf8(text))) };
}
