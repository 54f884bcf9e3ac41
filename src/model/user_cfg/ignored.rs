//! What a file says in vain.

use std::fmt;

use crate::pve::{NameError, PathError, Release, RoleId, TokenId, VmId};

/// Something in a file that the server passes over, and drops the next time it writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ignored {
    /// The line, counted from 1.
    pub line: usize,
    /// Why.
    pub reason: Reason,
}

impl fmt::Display for Ignored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.reason)
    }
}

/// Why something is passed over: the whole line, or one member of a list in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// The line starts with a word that means nothing; so does every comment.
    #[error("no kind of line starts with `{keyword}`")]
    Keyword {
        /// The word before the first colon.
        keyword: String,
    },
    /// The file begins with U+FEFF, which editors and shells put there; no server does.
    #[error("the byte order mark before it makes it no kind of line; was that added when the file was copied?")]
    ByteOrderMark,
    /// The name of what the line is about, or of a member in it, is none.
    #[error("`{text}` is no name: {error}")]
    Name {
        /// What stands there.
        text: String,
        /// What is wrong with it.
        error: NameError,
    },
    /// A group, role or pool called `0`, which is nothing to Perl.
    #[error("to Proxmox VE, `0` is no name")]
    Nought,
    /// A user's or token's end is no number.
    #[error("`{text}` is not a time in seconds")]
    Expire {
        /// What stands there.
        text: String,
    },
    /// A token stands before its user, or without one.
    #[error("no line above makes the user of token `{token}`")]
    UserlessToken {
        /// The token.
        token: TokenId,
    },
    /// The user is made anew further down, which takes its tokens away.
    #[error("the user of token `{token}` is made a second time here, without it")]
    ForgottenToken {
        /// The token.
        token: TokenId,
    },
    /// A privilege that the release does not know.
    #[error("release {release} knows no privilege `{text}`")]
    Privilege {
        /// What stands there.
        text: String,
        /// The release.
        release: Release,
    },
    /// A line for a role that the server makes by itself.
    #[error("role `{role}` is builtin")]
    BuiltinRole {
        /// The role.
        role: RoleId,
    },
    /// A grant's path cannot be normalised.
    #[error("`{text}` is no path: {error}")]
    Path {
        /// What stands there.
        text: String,
        /// What is wrong with it.
        error: PathError,
    },
    /// A grant of a role that does not exist at this point of the file.
    #[error("no line above makes role `{role}`")]
    MissingRole {
        /// The role.
        role: RoleId,
    },
    /// A grant to a token that does not exist at this point of the file.
    #[error("no line above makes token `{token}`")]
    MissingToken {
        /// The token.
        token: TokenId,
    },
    /// A grant to something that can be no user, group or token.
    #[error("`{text}` is neither a user nor a group nor a token")]
    Subject {
        /// What stands there.
        text: String,
    },
    /// A grant to root@pam, which holds everything without.
    #[error("`root@pam` needs no grant")]
    Root,
    /// A pool's guest is no number, or none that fits.
    #[error("`{text}` is not the number of a guest")]
    Vm {
        /// What stands there.
        text: String,
    },
    /// A guest stands in a second pool, or twice in one; the first counts.
    #[error("guest {vm} is in a pool already")]
    PooledVm {
        /// The guest.
        vm: VmId,
    },
}
