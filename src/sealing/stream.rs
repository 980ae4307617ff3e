//! The raw key stream that every draw of the list is read from (design 5). The only file that names `rand_chacha`.

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use zeroize::Zeroize;

/// One block of ChaCha20: the generator is asked for whole blocks only, so that no byte of the stream is ever skipped.
const BLOCK: usize = 64;

/// A ChaCha20 key stream (RFC 8439), nonce 0, counter from 0, taken byte by byte.
///
/// The generator's own counter is 64 bits wide where the RFC's is 32; the two agree for the first 256 GiB.
pub struct Stream {
    rng: ChaCha20Rng,
    block: [u8; BLOCK],
    used: usize,
}

impl Stream {
    /// The stream of this key, from its first byte.
    pub fn new(key: [u8; 32]) -> Self {
        Self { rng: ChaCha20Rng::from_seed(key), block: [0; BLOCK], used: BLOCK }
    }

    /// The next byte of the stream.
    pub fn byte(&mut self) -> u8 {
        if self.used == BLOCK {
            self.rng.fill_bytes(&mut self.block);
            self.used = 0;
        }
        let byte = self.block[self.used];
        self.used += 1;
        byte
    }

    /// `draw(n) = 0 without reading if n = 1; else bytes b until b < 256 − (256 mod n); b mod n`             design 5
    ///
    /// A number from 0 to `n − 1`, each equally likely: bytes that would favour some of them are thrown away.
    ///
    /// # Panics
    /// Unless `1 ≤ n ≤ 256`: one byte cannot choose among more, and a list's design is checked for it.
    pub fn draw(&mut self, n: usize) -> usize {
        assert!((1..=256).contains(&n), "a byte chooses among 1 to 256");
        if n == 1 {
            return 0;
        }
        let fair = 256 - 256 % n;
        loop {
            let byte = usize::from(self.byte());
            if byte < fair {
                return byte % n;
            }
        }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.block.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::Stream;
    use crate::sealing::bytes::hex;

    fn bytes(stream: &mut Stream, count: usize) -> Vec<u8> {
        (0..count).map(|_| stream.byte()).collect()
    }

    // RFC 8439, appendix A.1, vectors 1 and 2: key 0, nonce 0, counters 0 and 1.
    #[test]
    fn the_stream_is_chacha20_of_rfc_8439_with_no_byte_skipped() {
        let mut stream = Stream::new([0; 32]);
        assert_eq!(
            hex(&bytes(&mut stream, 128)),
            "76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7\
             da41597c5157488d7724e03fb8d84a376a43b8f41518a11cc387b669b2ee6586\
             9f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed\
             29b721769ce64e43d57133b074d839d531ed1f28510afb45ace10a1f4b794d6f"
        );
    }

    // shows: SG-4
    #[test]
    fn draw_rejects_the_bytes_that_would_favour_some_numbers() {
        for n in [2, 3, 6, 7, 9, 10, 200, 255, 256] {
            let (mut drawn, mut raw) = (Stream::new([7; 32]), Stream::new([7; 32]));
            for _ in 0..2_000 {
                let byte = loop {
                    let byte = usize::from(raw.byte());
                    if byte < 256 - 256 % n {
                        break byte;
                    }
                };
                assert_eq!(drawn.draw(n), byte % n);
            }
            assert_eq!(drawn.byte(), raw.byte(), "as many bytes were read for n = {n}");
        }
        let (mut drawn, mut raw) = (Stream::new([7; 32]), Stream::new([7; 32]));
        assert_eq!(drawn.draw(1), 0);
        assert_eq!(drawn.byte(), raw.byte(), "draw(1) reads nothing");
    }

    #[test]
    #[should_panic(expected = "1 to 256")]
    fn draw_refuses_more_than_a_byte_can_choose_among() {
        Stream::new([0; 32]).draw(257);
    }

    // shows: SG-4
    #[test]
    fn every_number_is_equally_likely() {
        let mut stream = Stream::new([42; 32]);
        let mut counts = [0u32; 10];
        (0..100_000).for_each(|_| counts[stream.draw(10)] += 1);
        let chi: f64 = counts.iter().map(|c| (f64::from(*c) - 10_000.0).powi(2) / 10_000.0).sum();
        assert!(chi < 27.88, "chi-square {chi} of 9 degrees passes 0.1 % at 27.88");
    }
}
