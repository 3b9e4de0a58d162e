//! Computes pi by Machin's formula, to compare the tables with it.

use super::{BOXES, SUBKEYS};

const WORDS: usize = 18 + 4 * 256;
/// What each step cuts off adds up in the last of these.
const SPARE: usize = 2;

/// The whole part first, then 32 bits a word behind the point.
#[derive(Clone)]
struct Number(Vec<u32>);

impl Number {
    fn whole(whole: u32) -> Self {
        let mut words = vec![0; 1 + WORDS + SPARE];
        words[0] = whole;
        Self(words)
    }

    fn over(&self, divisor: u32) -> Self {
        let mut rest = 0_u64;
        let words = self.0.iter().map(|word| {
            let all = (rest << 32) | u64::from(*word);
            rest = all % u64::from(divisor);
            u32::try_from(all / u64::from(divisor)).unwrap()
        });
        Self(words.collect())
    }

    fn plus(mut self, other: &Self) -> Self {
        let mut carry = false;
        for (word, more) in self.0.iter_mut().zip(&other.0).rev() {
            (*word, carry) = word.carrying_add(*more, carry);
        }
        self
    }

    fn minus(mut self, other: &Self) -> Self {
        let mut borrow = false;
        for (word, less) in self.0.iter_mut().zip(&other.0).rev() {
            (*word, borrow) = word.borrowing_sub(*less, borrow);
        }
        self
    }

    fn is_zero(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }
}

/// Returns `times` times the arc tangent of one over `inverse`.
fn arc_tangent(times: u32, inverse: u32) -> Number {
    let mut power = Number::whole(times).over(inverse);
    let mut sum = power.clone();
    for odd in (3..).step_by(2) {
        power = power.over(inverse * inverse);
        if power.is_zero() {
            break;
        }
        let term = power.over(odd);
        sum = if odd % 4 == 3 {
            sum.minus(&term)
        } else {
            sum.plus(&term)
        };
    }
    sum
}

#[test]
fn the_tables_are_the_digits_of_pi() {
    let pi = arc_tangent(16, 5).minus(&arc_tangent(4, 239)).0;
    let tables = SUBKEYS.iter().chain(BOXES.as_flattened());
    assert_eq!(pi[0], 3);
    assert!(pi[1..=WORDS].iter().eq(tables));
}
