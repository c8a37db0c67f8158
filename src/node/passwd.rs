//! The node's own database of users: the file alone, for an outage is no time to ask the network who somebody is.

use std::path::{Path, PathBuf};

use super::{FileError, Root, Secrecy};

/// Where it lies (passwd(5)).
const PASSWD: &str = "/etc/passwd";

/// A user, as far as it is of concern here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The login name.
    pub name: String,
    /// The number.
    pub uid: u32,
    /// The home folder, a node path as it stands there.
    pub home: PathBuf,
}

impl Root {
    /// The user of that login name; `None` where the node's own file does not know it.
    pub fn user(&self, name: &str) -> Result<Option<User>, FileError> {
        let file = match self.read(Path::new(PASSWD), Secrecy::Public) {
            Err(error) if error.is_not_found() => return Ok(None),
            other => other?,
        };
        let text = String::from_utf8_lossy(&file.bytes);
        Ok(text.lines().filter_map(read).find(|user| user.name == name))
    }
}

fn read(line: &str) -> Option<User> {
    let mut fields = line.split(':');
    let name = fields.next().filter(|name| !name.is_empty())?;
    let uid = fields.nth(1)?.parse().ok()?;
    let home = fields.nth(2).filter(|home| home.starts_with('/'))?;
    Some(User {
        name: name.to_owned(),
        uid,
        home: home.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_user_if_it_has_name_number_and_home() {
        let user = read("alice:x:1000:1001:Alice,,,:/home/alice:/bin/sh").unwrap();
        assert_eq!((user.name.as_str(), user.uid), ("alice", 1000));
        assert_eq!(user.home, Path::new("/home/alice"));
        for none in [
            "",
            "#",
            "+::::::",
            "a:x:b:1::/a:",
            "a:x:1:1:",
            "a:x:1:1::a:",
        ] {
            assert_eq!(read(none), None, "{none}");
        }
    }
}
