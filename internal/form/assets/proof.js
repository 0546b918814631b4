// A worker that looks for a counter so that SHA-256(challenge + "." + counter)
// begins with zero bits. Written out (FIPS 180-4), since the browser's own
// digest is asynchronous: 50 times slower for short texts, and not there at all
// on plain http.
const K = new Uint32Array(64);
(() => {
  let n = 2;
  for (let i = 0; i < 64; n++) {
    let prime = true;
    for (let d = 2; d * d <= n; d++) if (n % d === 0) { prime = false; break; }
    if (prime) { const r = Math.cbrt(n); K[i++] = Math.floor((r - Math.floor(r)) * 4294967296); }
  }
})();
const W = new Uint32Array(64);

/** One block into the state. @param {Uint32Array} h @param {Uint8Array} b @param {number} at */
function block(h, b, at) {
  for (let i = 0; i < 16; i++) { const p = at + 4 * i; W[i] = (b[p] << 24) | (b[p + 1] << 16) | (b[p + 2] << 8) | b[p + 3]; }
  for (let i = 16; i < 64; i++) {
    const x = W[i - 15], y = W[i - 2];
    W[i] = W[i - 16] + ((x >>> 7 | x << 25) ^ (x >>> 18 | x << 14) ^ x >>> 3) + W[i - 7] + ((y >>> 17 | y << 15) ^ (y >>> 19 | y << 13) ^ y >>> 10);
  }
  let [a, bb, c, d, e, f, g, hh] = h;
  for (let i = 0; i < 64; i++) {
    const t1 = (hh + ((e >>> 6 | e << 26) ^ (e >>> 11 | e << 21) ^ (e >>> 25 | e << 7)) + ((e & f) ^ (~e & g)) + K[i] + W[i]) | 0;
    const t2 = (((a >>> 2 | a << 30) ^ (a >>> 13 | a << 19) ^ (a >>> 22 | a << 10)) + ((a & bb) ^ (a & c) ^ (bb & c))) | 0;
    hh = g; g = f; f = e; e = (d + t1) | 0; d = c; c = bb; bb = a; a = (t1 + t2) | 0;
  }
  h[0] += a; h[1] += bb; h[2] += c; h[3] += d; h[4] += e; h[5] += f; h[6] += g; h[7] += hh;
}

const START = [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];

/** Solves a challenge. @param {string} challenge @param {number} bits */
function solve(challenge, bits) {
  const head = new TextEncoder().encode(`${challenge}.`), text = new Uint8Array(head.length + 96), h = new Uint32Array(8);
  text.set(head);
  const whole = head.length >> 6, mid = Uint32Array.from(START);
  for (let i = 0; i < whole; i++) block(mid, text, 64 * i); // the part that never changes
  for (let n = 0; ; n++) {
    const s = String(n);
    let end = head.length;
    for (let i = 0; i < s.length; i++) text[end++] = s.charCodeAt(i);
    const blocks = ((end + 8) >> 6) + 1, size = blocks << 6;
    text.fill(0, end, size);
    text[end] = 0x80;
    const length = end * 8;
    text[size - 4] = length >>> 24; text[size - 3] = length >>> 16; text[size - 2] = length >>> 8; text[size - 1] = length;
    h.set(mid);
    for (let i = whole; i < blocks; i++) block(h, text, 64 * i);
    if (h[0] >>> (32 - bits) === 0) return `${challenge}.${s}`;
  }
}

onmessage = (e) => postMessage(solve(e.data.challenge, e.data.bits));
