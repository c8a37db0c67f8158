//! Standard input, where a verb takes it for a file.

use std::io::{self, Read};

use zeroize::Zeroizing;

/// All of it, or one byte more than `limit`, which tells that there is more. In bytes. It may be a secret: it is wiped, and lies in one
/// place alone.
pub(super) fn standard_input(limit: usize) -> io::Result<Zeroizing<Vec<u8>>> {
    read_whole(io::stdin().lock(), limit)
}

fn read_whole(mut source: impl Read, limit: usize) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(vec![0; limit + 1]);
    let mut length = 0;
    loop {
        let room = bytes.get_mut(length..).unwrap_or_default();
        match source.read(room) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(length);
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_to_its_end_or_to_one_byte_more_than_may_be() {
        let read = |limit| read_whole(&b"01234"[..], limit).unwrap();
        assert_eq!(*read(10), b"01234");
        assert_eq!(*read(5), b"01234");
        assert_eq!(*read(3), b"0123");
    }
}
