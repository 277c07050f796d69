//! The comparison of bytes that compiled code calls, for names above all. The compiler's own looks at one byte after the
//! other; it gives way to this one.

/// What compiled code calls.
///
/// # Safety
///
/// As for [`compare`].
#[cfg(target_arch = "wasm32")]
#[unsafe(no_mangle)]
unsafe extern "C" fn memcmp(a: *const u8, b: *const u8, n: usize) -> i32 {
    // SAFETY: the caller's promise is the one that is asked for.
    unsafe { compare(a, b, n) }
}

/// Compares the first `n` bytes at two places: negative, zero or positive as those at `a` are less, the same or more.
///
/// # Safety
///
/// So many bytes can be read at both.
#[inline]
unsafe fn compare(a: *const u8, b: *const u8, n: usize) -> i32 {
    let mut at = 0;
    // SAFETY: no word and no byte goes beyond `n`.
    unsafe {
        while at + 8 <= n {
            let (x, y) = (a.add(at).cast::<u64>().read_unaligned(), b.add(at).cast::<u64>().read_unaligned());
            if x != y {
                return order(u64::from_be(x), u64::from_be(y));
            }
            at += 8;
        }
        if at + 4 <= n {
            let (x, y) = (a.add(at).cast::<u32>().read_unaligned(), b.add(at).cast::<u32>().read_unaligned());
            if x != y {
                return order(u32::from_be(x).into(), u32::from_be(y).into());
            }
            at += 4;
        }
        while at < n {
            let (x, y) = (*a.add(at), *b.add(at));
            if x != y {
                return order(x.into(), y.into());
            }
            at += 1;
        }
    }
    0
}

#[inline(always)]
fn order(x: u64, y: u64) -> i32 {
    if x < y { -1 } else { 1 }
}

#[cfg(test)]
mod tests {
    use alloc::vec;
    use core::cmp::Ordering;

    use super::compare;

    #[test]
    fn it_orders_as_slices_do() {
        for n in 0..40 {
            for at in 0..n {
                for (x, y) in [(0, 1), (1, 0), (0x7f, 0x80), (0xff, 0), (5, 5)] {
                    let (mut a, mut b) = (vec![7; n + 8], vec![7; n + 8]);
                    (a[at], b[at]) = (x, y);
                    (a[n], b[n]) = (1, 2);
                    // SAFETY: both have more bytes.
                    let got = unsafe { compare(a.as_ptr(), b.as_ptr(), n) };
                    assert_eq!(got.cmp(&0), a[..n].cmp(&b[..n]), "{n} bytes, {x} and {y} at {at}");
                }
            }
            let bytes = vec![9; n];
            // SAFETY: there are as many bytes.
            assert_eq!(unsafe { compare(bytes.as_ptr(), bytes.as_ptr(), n) }.cmp(&0), Ordering::Equal);
        }
    }
}
