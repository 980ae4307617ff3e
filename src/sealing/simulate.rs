//! Dice from a seed, for simulations: everybody gets the same figures. No list is ever drawn from them.

use super::bytes::{label, sha256};
use super::stream::Stream;

/// Draws that this seed and this word give: `SHA-256("klero/v1/simulate" ‖ 00 ‖ u64(seed) ‖ word)` is the key of the
/// stream.
pub fn dice(seed: u64, word: &str) -> impl FnMut(usize) -> usize + use<> {
    let mut key = label("simulate");
    key.extend_from_slice(&seed.to_be_bytes());
    key.extend_from_slice(word.as_bytes());
    let mut stream = Stream::new(sha256(&key));
    move |n| stream.draw(n)
}

#[cfg(test)]
mod tests {
    use super::dice;
    use crate::domain::simulate;
    use crate::sealing::draw;
    use crate::sealing::stream::Stream;

    // shows: SG-9
    #[test]
    fn a_simulated_block_is_the_block_that_a_list_would_have_from_the_same_stream() {
        let mut of_list = Stream::new([3; 32]);
        let mut of_simulation = Stream::new([3; 32]);
        for (sizes, ratio) in [(&[4][..], &[1, 1][..]), (&[4, 6, 8], &[1, 1]), (&[6], &[2, 1])] {
            for _ in 0..200 {
                let list = draw::block(&mut of_list, sizes, ratio);
                let list: Vec<usize> = list.iter().map(|arm| usize::from(arm.index())).collect();
                let mut draw = |n| of_simulation.draw(n);
                assert_eq!(simulate::block(sizes, ratio, &mut draw), list);
            }
        }
    }

    #[test]
    fn a_seed_and_a_word_give_the_same_draws_and_another_of_either_gives_others() {
        let some = |seed, word| {
            let mut draw = dice(seed, word);
            (0..20).map(|_| draw(256)).collect::<Vec<_>>()
        };
        assert_eq!(some(1, "a"), some(1, "a"));
        assert!(some(1, "a") != some(2, "a") && some(1, "a") != some(1, "b"));
    }
}
