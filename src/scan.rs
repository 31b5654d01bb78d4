//! Finds single bytes in long texts in which they are seldom.

/// So many bytes are looked at together: as many as a vector register of most machines holds, or two of them do.
const AT_ONCE: usize = 32;

/// The place of the first byte that is `wanted`.
pub fn position(text: &[u8], wanted: impl Fn(u8) -> bool) -> Option<usize> {
    let (blocks, _) = text.as_chunks::<AT_ONCE>();
    // Without a way out of the middle of a block, the compiler compares all of its bytes at once.
    let is_in = |block: &[u8; AT_ONCE]| block.iter().fold(false, |is, byte| is | wanted(*byte));
    let before = blocks.iter().take_while(|block| !is_in(block)).count() * AT_ONCE;
    let found = text[before..].iter().position(|byte| wanted(*byte))?;
    Some(before + found)
}

/// Whether a byte is one of some.
#[expect(
    clippy::needless_bitwise_bool,
    reason = "without branches, many bytes are compared at once"
)]
pub fn is_any_of<const N: usize>(wanted: [u8; N]) -> impl Fn(u8) -> bool {
    move |byte| wanted.iter().fold(false, |is, one| is | (byte == *one))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_is_found_wherever_it_stands_and_whatever_follows() {
        for length in 0..3 * AT_ONCE {
            for at in 0..length {
                let mut text = vec![b'a'; length];
                text[at] = b'%';
                assert_eq!(position(&text, is_any_of(*b"%&")), Some(at), "{length}");
                text[length - 1] = b'%';
                assert_eq!(position(&text, is_any_of(*b"%&")), Some(at), "{length}");
            }
            assert_eq!(position(&vec![b'a'; length], is_any_of(*b"%&")), None);
        }
    }
}
