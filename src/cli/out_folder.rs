//! The folder that `--out` names.

use std::path::Path;

use super::exit::Exit;
use super::failure::Failure;
use crate::node::look_at_operand;
use crate::shell::quote;

/// Fails where there is no folder at `path`: none is made, for who may look into it is not for us to say.
pub(super) fn demand_folder(path: &Path) -> Result<(), Failure> {
    let (is_folder, _) = look_at_operand(path);
    if is_folder {
        return Ok(());
    }
    let message = format!("{} is no folder", path.display());
    let hint = format!("make it: install -d -m 0700 {}", quote(path));
    Err(Failure::new(Exit::Usage, message).hint(hint))
}
