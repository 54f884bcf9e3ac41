//! Paths that grants are made at.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::name::{Shown, is_name_char};

/// A path of the access tree in the one form that the server lists it in: `/`, `/vms/100`.
///
/// Built from any text that the server normalises. Whether the server also accepts a new grant there is
/// [`AclPath::check_shape`]'s question, because a hand-edited file can hold grants at paths of any shape.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AclPath(String);

/// Why a text cannot be normalised to a path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// Nothing was written.
    #[error("a path cannot be empty")]
    Empty,
    /// A character other than letters, digits and `.-_/`.
    #[error("a path cannot contain {}", Shown(*found))]
    Character {
        /// The first offending character.
        found: char,
    },
}

/// Why the server refuses grants at a well-formed path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShapeError {
    /// The first word is none that the server knows.
    #[error("`{path}` is not in the access tree: there is no `/{root}`")]
    Root {
        /// The path, normalised.
        path: AclPath,
        /// Its first word.
        root: String,
    },
    /// A word below a known one that has no meaning there.
    #[error("`{path}` is not in the access tree: below `{under}` there is no `{word}`")]
    Word {
        /// The path, normalised.
        path: AclPath,
        /// The part that is fine.
        under: String,
        /// The word that is not.
        word: String,
    },
    /// Goes on below a leaf.
    #[error("`{path}` is too deep: nothing is below `{leaf}`")]
    Depth {
        /// The path, normalised.
        path: AclPath,
        /// The last part that is fine.
        leaf: String,
    },
    /// `/vms/x` where x is no guest's number.
    #[error("`{path}` names no guest: a guest id is a number of at least 100, without leading zeros")]
    Vm {
        /// The path, normalised.
        path: AclPath,
    },
    /// `/sdn/zones/z/v/x` where x is no VLAN tag.
    #[error("`{path}` names no VLAN: a tag is a number from 1 to 9999")]
    Tag {
        /// The path, normalised.
        path: AclPath,
    },
}

impl AclPath {
    /// The words that a path can begin with.
    pub const ROOTS: [&str; 7] = ["access", "mapping", "nodes", "pool", "sdn", "storage", "vms"];

    /// The paths that [`AclPath::check_shape`] accepts, as they are listed; as a regular expression for the whole text.
    pub const REGEX: &str = concat!(
        "/",
        "|/(nodes|storage)(/[A-Za-z0-9._-]+)?",
        "|/mapping(/[A-Za-z0-9._-]+){0,2}",
        "|/pool(/[A-Za-z0-9._-]+){0,3}",
        "|/vms(/[1-9][0-9]{2,})?",
        "|/access(/(groups|realm)(/[A-Za-z0-9._-]+)?)?",
        "|/sdn(/(controllers|dns|fabrics|ipams|prefix-lists|route-maps)(/[A-Za-z0-9._-]+)?)?",
        "|/sdn/zones(/[A-Za-z0-9._-]+){0,2}",
        "|/sdn/zones(/[A-Za-z0-9._-]+){2}/[1-9][0-9]{0,3}",
    );

    /// The top of the tree.
    #[must_use]
    pub fn root() -> AclPath {
        AclPath("/".to_owned())
    }

    /// The path as the server lists it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The words between the slashes; none for the root.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.0.split('/').filter(|word| !word.is_empty())
    }

    /// The path under which the server keeps grants made at this one: it passes over words that are `0`, which to Perl
    /// are nothing (pve-access-control, `find_acl_tree_node`).
    #[must_use]
    pub fn without_noughts(&self) -> AclPath {
        let path: String = self.words().filter(|word| *word != "0").flat_map(|word| ["/", word]).collect();
        if path.is_empty() { AclPath::root() } else { AclPath(path) }
    }

    /// Whether the server accepts a grant here, from its fixed list of shapes (api-facts.md, ACL; transcript `acl`).
    ///
    /// The objects that a path names need not exist.
    pub fn check_shape(&self) -> Result<(), ShapeError> {
        let words: Vec<&str> = self.words().collect();
        let depth = |most: usize| match words.get(most) {
            None => Ok(()),
            Some(_) => Err(ShapeError::Depth { path: self.clone(), leaf: format!("/{}", words[..most].join("/")) }),
        };
        let word = |at: usize| ShapeError::Word {
            path: self.clone(),
            under: format!("/{}", words[..at].join("/")),
            word: words[at].to_owned(),
        };
        match words.as_slice() {
            [] => Ok(()),
            ["nodes" | "storage", ..] => depth(2),
            ["mapping", ..] => depth(3),
            ["pool", ..] => depth(4),
            ["access", "groups" | "realm", ..] => depth(3),
            ["access"] | ["sdn"] | ["vms"] => Ok(()),
            ["access", ..] => Err(word(1)),
            ["vms", guest, ..] => {
                let number =
                    guest.len() >= 3 && !guest.starts_with('0') && guest.bytes().all(|byte| byte.is_ascii_digit());
                if number { depth(2) } else { Err(ShapeError::Vm { path: self.clone() }) }
            }
            ["sdn", "zones", _, _, tag, ..] => {
                let number = (1..=4).contains(&tag.len())
                    && !tag.starts_with('0')
                    && tag.bytes().all(|byte| byte.is_ascii_digit());
                if number { depth(5) } else { Err(ShapeError::Tag { path: self.clone() }) }
            }
            ["sdn", "zones", ..] => Ok(()),
            ["sdn", "controllers" | "dns" | "fabrics" | "ipams" | "prefix-lists" | "route-maps", ..] => depth(3),
            ["sdn", ..] => Err(word(1)),
            [root, ..] => Err(ShapeError::Root { path: self.clone(), root: (*root).to_owned() }),
        }
    }

    /// Whether the access tree ends here, so that no grant can be further down.
    #[must_use]
    pub fn is_leaf(&self) -> bool {
        let below = AclPath(format!("{}/x", self.0.trim_end_matches('/')));
        self.check_shape().is_ok() && matches!(below.check_shape(), Err(ShapeError::Depth { .. }))
    }
}

impl FromStr for AclPath {
    type Err = PathError;

    /// Normalises as the server does: `//` squeezed, a last `/` cut, a first `/` added (api-facts.md, ACL).
    fn from_str(text: &str) -> Result<Self, PathError> {
        if text.is_empty() {
            return Err(PathError::Empty);
        }
        if let Some(found) = text.chars().find(|&c| c != '/' && !is_name_char(c)) {
            return Err(PathError::Character { found });
        }
        let mut path = String::with_capacity(text.len() + 1);
        for word in text.split('/').filter(|word| !word.is_empty()) {
            path.push('/');
            path.push_str(word);
        }
        if path.is_empty() {
            path.push('/');
        }
        Ok(AclPath(path))
    }
}

impl TryFrom<String> for AclPath {
    type Error = PathError;

    fn try_from(text: String) -> Result<Self, PathError> {
        text.parse()
    }
}

impl From<AclPath> for String {
    fn from(path: AclPath) -> String {
        path.0
    }
}

impl fmt::Display for AclPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for AclPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> AclPath {
        text.parse().unwrap()
    }

    #[test]
    fn the_tree_ends_where_it_does() {
        for path in ["/vms/100", "/storage/local", "/nodes/n1", "/access/groups/g", "/pool/a/b/c", "/mapping/pci/gpu"] {
            assert!(self::path(path).is_leaf(), "{path}");
        }
        for path in ["/", "/vms", "/access", "/access/groups", "/pool/a", "/sdn", "/sdn/zones", "/odd/path", "/mapping"]
        {
            assert!(!self::path(path).is_leaf(), "{path}");
        }
    }

    #[test]
    fn normalises_as_the_server_does() {
        for (written, listed) in
            [("/", "/"), ("//", "/"), ("vms", "/vms"), ("/vms/", "/vms"), ("/vms//100/", "/vms/100"), ("a", "/a")]
        {
            assert_eq!(path(written).as_str(), listed);
        }
        assert_eq!("".parse::<AclPath>(), Err(PathError::Empty));
        assert_eq!("/storage/a b".parse::<AclPath>(), Err(PathError::Character { found: ' ' }));
    }

    /// Every path of transcript `acl`, with the server's verdict.
    #[test]
    fn accepts_the_shapes_that_the_server_accepts() {
        for good in [
            "/",
            "/vms",
            "/vms/100",
            "/storage/local",
            "/nodes/pve",
            "/nodes/x.y",
            "/pool/p1",
            "/pool/p1/p2/p3",
            "/access",
            "/access/groups/nope",
            "/access/realm/pve",
            "/sdn/zones/z1/v1/100",
            "/sdn/fabrics/f1",
            "/mapping/pci/x",
        ] {
            assert_eq!(path(good).check_shape(), Ok(()), "{good}");
        }
        for bad in [
            "/vms/0100",
            "/vms/99",
            "/vms/abc",
            "/vms/100/x",
            "/pool/p1/p2/p3/p4",
            "/access/users",
            "/sdn/zones/z1/v1/0",
            "/foo",
            "/Vms",
            "/cluster",
            "/dc",
            "/vms/../access",
        ] {
            assert!(path(bad).check_shape().is_err(), "{bad}");
        }
    }

    #[test]
    fn says_what_is_wrong_with_a_shape() {
        let message = |text: &str| path(text).check_shape().unwrap_err().to_string();
        assert_eq!(message("/dc"), "`/dc` is not in the access tree: there is no `/dc`");
        assert_eq!(
            message("/access/users"),
            "`/access/users` is not in the access tree: below `/access` there is no `users`"
        );
        assert_eq!(message("/nodes/a/b"), "`/nodes/a/b` is too deep: nothing is below `/nodes/a`");
    }
}
