// Every module of the library, for the tests to call.
import * as act from '/static/signature.js';
import * as arms from '/static/arms.js';
import * as bytes from '/static/bytes.js';
import * as card from '/static/card.js';
import * as ed25519 from '/static/ed25519.js';
import * as grant from '/static/grant.js';
import * as hpke from '/static/hpke.js';
import * as identity from '/static/identity.js';
import * as manifest from '/static/manifest.js';
import * as open from '/static/open.js';
import * as breakRecord from '/static/break_record.js';
import * as pharmacyRecord from '/static/pharmacy_record.js';
import * as proof from '/static/proof.js';
import * as record from '/static/record.js';
import * as stock from '/static/stock.js';
import * as words from '/static/words.js';

// What a call came to: its value, or the code it was refused with. Any other error is a fault of the code.
const outcome = async (call) => {
  try {
    return { value: await call() };
  } catch (error) {
    if (error instanceof bytes.KleroError) return { code: error.code, detail: error.detail };
    return { fault: String(error) };
  }
};

window.klero = {
  ...act, ...arms, ...bytes, ...card, ...ed25519, ...grant, ...hpke, ...identity, ...manifest, ...open, ...pharmacyRecord, ...breakRecord, ...record, ...proof, ...stock,
  ...words,
  outcome,
};
