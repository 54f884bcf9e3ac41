//! Who may do what with a file.

use std::fs::{File, Metadata, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
use std::path::Path;

use rustix::fs::{XattrFlags, fsetxattr, lgetxattr};
use rustix::io::Errno;

/// Where Linux keeps an access list (acl(5)).
const ACCESS_LIST: &str = "system.posix_acl_access";

/// Gives `file` the owner, the mode and the access list of what is at `path`, which it will replace. Everybody is never
/// let in, and a list is not left out: without it, the mode says more than it did.
pub(super) fn imitate(file: &File, path: &Path, there: &Metadata) -> io::Result<()> {
    let own = file.metadata()?;
    if (own.uid(), own.gid()) != (there.uid(), there.gid()) {
        fchown(file, Some(there.uid()), Some(there.gid()))?;
    }
    if let Some(list) = access_list(path)? {
        fsetxattr(file, ACCESS_LIST, &list, XattrFlags::empty())?;
    }
    file.set_permissions(Permissions::from_mode(there.mode() & 0o770))
}

fn access_list(path: &Path) -> io::Result<Option<Vec<u8>>> {
    // No attribute is larger than this (xattr(7)).
    let mut list = vec![0; 64 * 1024];
    match lgetxattr(path, ACCESS_LIST, &mut list[..]) {
        Ok(length) => {
            list.truncate(length);
            Ok(Some(list))
        }
        // What is gone by now is found missing when it is replaced.
        Err(Errno::NODATA | Errno::OPNOTSUPP | Errno::NOSYS | Errno::NOENT) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// Somebody may read it by its list whose group may not: with the mode alone, the group could.
    #[test]
    fn an_access_list_goes_along() {
        // Version 2; the owner rw, user 12 r, the group nothing, the mask r, everybody nothing.
        const LIST: [(u16, u16, u32); 5] =
            [(1, 6, u32::MAX), (2, 4, 12), (4, 0, u32::MAX), (0x10, 4, u32::MAX), (0x20, 0, u32::MAX)];
        let mut list = 2_u32.to_le_bytes().to_vec();
        for (tag, may, id) in LIST {
            list.extend([tag.to_le_bytes(), may.to_le_bytes()].concat());
            list.extend(id.to_le_bytes());
        }
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let (old, new) = (File::create(path("old")).unwrap(), File::create(path("new")).unwrap());
        if fsetxattr(&old, ACCESS_LIST, &list, XattrFlags::empty()) == Err(Errno::OPNOTSUPP) {
            eprintln!("not shown: this file system has no access lists");
            return;
        }
        imitate(&new, &path("old"), &old.metadata().unwrap()).unwrap();
        assert_eq!(access_list(&path("new")).unwrap(), Some(list));
        assert_eq!(fs::metadata(path("new")).unwrap().mode() & 0o777, 0o640);
    }
}
