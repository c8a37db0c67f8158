//! The wire format of Protocol Buffers (protobuf.dev/programming-guides/encoding), as far as Kubernetes and etcd use it: fields with
//! their numbers, and nothing generated. A full library brings a description of each message, and code that keeps all of
//! it; here all but a few fields is passed over, secrets above all.

/// The bytes are no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is no message of Protocol Buffers")]
pub struct InvalidMessage;

/// The value of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value<'a> {
    /// A number; its sign is not known here.
    Number(u64),
    /// A string, bytes, or a message.
    Bytes(&'a [u8]),
    /// A number of fixed length: Kubernetes has no such field that matters here.
    Fixed,
}

/// The fields of a message, in the order in which they stand in it.
#[derive(Debug, Clone)]
pub struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    /// Those of `message`.
    pub fn of(message: &'a [u8]) -> Self {
        Self(message)
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for shift in (0..70).step_by(7) {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            let bits = u64::from(byte & 0x7f);
            // The tenth byte has room for one bit.
            if shift == 63 && bits > 1 {
                return None;
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    fn take(&mut self, length: u64) -> Option<&'a [u8]> {
        let length = usize::try_from(length).ok()?;
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn field(&mut self) -> Option<(u64, Value<'a>)> {
        let tag = self.varint()?;
        let number = tag >> 3;
        let value = match tag & 7 {
            0 => Value::Number(self.varint()?),
            1 => self.take(8).map(|_| Value::Fixed)?,
            2 => {
                let length = self.varint()?;
                Value::Bytes(self.take(length)?)
            }
            5 => self.take(4).map(|_| Value::Fixed)?,
            // Groups are of the time before Kubernetes.
            _ => return None,
        };
        (number != 0).then_some((number, value))
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u64, Value<'a>), InvalidMessage>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_none() {
            // What follows cannot be told apart.
            self.0 = &[];
        }
        Some(field.ok_or(InvalidMessage))
    }
}

/// The strings, bytes and messages that a message has under a number; an error where what follows is no message.
pub fn all(
    message: &[u8],
    number: u64,
) -> impl Iterator<Item = Result<&[u8], InvalidMessage>> + use<'_> {
    Fields::of(message).filter_map(move |field| match field {
        Ok((own, Value::Bytes(bytes))) if own == number => Some(Ok(bytes)),
        Ok(_) => None,
        Err(error) => Some(Err(error)),
    })
}

/// The last of them, which is the one that counts; nothing where there is none.
pub fn last(message: &[u8], number: u64) -> Result<Option<&[u8]>, InvalidMessage> {
    all(message, number).try_fold(None, |_, bytes| bytes.map(Some))
}

/// A string. Kubernetes writes an empty one where there is none.
pub fn text(message: &[u8], number: u64) -> Result<String, InvalidMessage> {
    let bytes = last(message, number)?.unwrap_or_default();
    let text = std::str::from_utf8(bytes).map_err(|_| InvalidMessage)?;
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_specification_are_read() {
        // 150 as field 1; "testing" as field 2; a message with that 150 as field 3.
        let message = b"\x08\x96\x01\x12\x07testing\x1a\x03\x08\x96\x01";
        let fields: Result<Vec<_>, _> = Fields::of(message).collect();
        let expected = vec![
            (1, Value::Number(150)),
            (2, Value::Bytes(b"testing")),
            (3, Value::Bytes(b"\x08\x96\x01")),
        ];
        assert_eq!(fields, Ok(expected));
        assert_eq!(text(message, 2), Ok("testing".to_owned()));
        assert_eq!(text(message, 4), Ok(String::new()));
        let fixed = b"\x09\0\0\0\0\0\0\0\0\x15\0\0\0\0\x12\x01a\x12\x01b";
        assert_eq!(text(fixed, 2), Ok("b".to_owned()));
    }

    #[test]
    fn a_message_that_is_none_is_an_error_and_an_end() {
        for message in [
            &b"\x08"[..],
            b"\x08\x96",
            b"\x12\x07testin",
            b"\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01a",
            b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02",
            b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
            b"\x0b",
            b"\x0c",
            b"\x0e",
            b"\x00\x00",
            b"\x09\0\0\0",
        ] {
            let mut fields = Fields::of(message);
            assert_eq!(fields.next(), Some(Err(InvalidMessage)), "{message:?}");
            assert_eq!(fields.next(), None, "{message:?}");
        }
        assert_eq!(text(b"\x0a\x01\xff", 1), Err(InvalidMessage));
        let largest = b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01";
        let fields: Result<Vec<_>, _> = Fields::of(largest).collect();
        assert_eq!(fields, Ok(vec![(1, Value::Number(u64::MAX))]));
    }
}
