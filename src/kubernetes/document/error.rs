//! Everything that can be wrong with a document, whatever it describes. Pure.

/// The largest document that is read, in bytes. Real ones have less than 10 KiB.
pub const LARGEST: usize = 1 << 20;

/// The most lines and values of a document. Real ones have some hundreds.
pub const MOST_VALUES: usize = 1 << 16;

/// Why bytes are not one plain YAML or JSON document.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// Nothing in it, or nothing but blanks and comments.
    #[error("it is empty")]
    Empty,
    /// More than one MiB.
    #[error("it has {bytes} bytes, more than the {LARGEST} that such a file may have")]
    TooLarge {
        /// Its size in bytes.
        bytes: usize,
    },
    /// More lines, keys and values than any file has, or aliases that make as many of few.
    #[error("it has more than {MOST_VALUES} lines and values")]
    TooManyValues,
    /// It begins with a UTF-8 or UTF-16 byte order mark.
    #[error("it begins with a byte order mark")]
    ByteOrderMark,
    /// It is not UTF-8.
    #[error("it is not UTF-8: the byte at offset {offset} belongs to no character")]
    NotUtf8 {
        /// How many bytes before it are good.
        offset: usize,
    },
    /// The YAML scanner refuses it; the source says where and what for.
    #[error("it is not valid YAML")]
    Syntax(#[source] serde_yaml::Error),
    /// A `---` begins a second document.
    #[error("it holds several documents")]
    SeveralDocuments,
    /// A mapping has one key twice.
    #[error("`{}` is there twice", path.escape_debug())]
    DuplicateKey {
        /// The path of that key, such as `users[0].user.client-key-data`.
        path: String,
    },
    /// A mapping has the merge key `<<`, whose effect a reader does not see.
    #[error("`{}` is a merge key", path.escape_debug())]
    MergeKey {
        /// The path of that key.
        path: String,
    },
    /// A YAML tag, a list or mapping used as a key, or nesting deeper than 128 levels.
    #[error("line {line}, column {column}: no Kubernetes file has such a tag, key or nesting")]
    NotPlain {
        /// Counted from one.
        line: usize,
        /// Counted from one.
        column: usize,
    },
    /// A value is of another type than Kubernetes has there.
    #[error("`{}` is {found}, not {expected}", path.escape_debug())]
    WrongType {
        /// The path of the value, such as `users[0].name`.
        path: String,
        /// What Kubernetes has there.
        expected: &'static str,
        /// What is there.
        found: &'static str,
    },
}
