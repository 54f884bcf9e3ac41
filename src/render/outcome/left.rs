//! What a run leaves behind that nobody meant to be there: tokens without a known secret, passwords without a user.

use super::{INDENT, reasons};
use crate::apply::{Fate, LeftFate, LeftPassword};
use crate::pve::TokenId;
use crate::render::document::{Document, Line, Style};
use crate::render::pveum;
use crate::render::words::{shell, visible};

/// A token whose secret nobody has.
pub(super) fn orphan(token: &TokenId, fate: &Fate) -> Document {
    let (remove, renew) = (pveum::delete_token(token), format!("pve-access rotate {}", shell(token)));
    let token = visible(token);
    let (style, words) = match fate {
        Fate::Deleted => (
            Style::Plain,
            format!("token {token} was deleted again, because nobody has its secret; the next apply makes it anew"),
        ),
        Fate::Ended => (
            Style::Bad,
            format!(
                "token {token} keeps its grants, but its former secret is refused, and nobody has the new one: it was ended, and the next apply renews it"
            ),
        ),
        Fate::Secretless => (
            Style::Bad,
            format!(
                "token {token} keeps its grants, but its former secret is, or soon may be, refused, and nobody has the new one: renew it again: {renew}"
            ),
        ),
        Fate::StillThere(_) => (
            Style::Bad,
            format!("token {token} works, and nobody has its secret: delete it before you apply again: {remove}"),
        ),
        Fate::NotSeen => (
            Style::Bad,
            format!(
                "token {token} is not there, but may still come, and nobody has its secret: look again in a minute, and if it is there: {remove}"
            ),
        ),
        Fate::Another => (
            Style::Bad,
            format!("token {token} is there with other attributes, so somebody else made it; it was left alone"),
        ),
        Fate::Unread => (
            Style::Bad,
            format!(
                "token {token} may be there, and nobody has its secret: if it is, delete it before you apply again: {remove}"
            ),
        ),
    };
    let mut document = Document::default();
    document.push(Line::plain(INDENT).with(style, words));
    if let Fate::StillThere(error) = fate {
        document.extend(reasons(error));
    }
    document
}

/// A password whose user was not made.
pub(super) fn left_behind(LeftPassword { user, fate }: &LeftPassword) -> Document {
    let remove = format!("{}; {}", pveum::add_user(user), pveum::delete_user(user));
    let (delete, user) = (pveum::delete_user(user), visible(user));
    let kept = format!("the server may have kept the password of {user}, for whoever makes a user of that name");
    let (style, words) = match fate {
        LeftFate::Withdrawn => (
            Style::Plain,
            format!("the server keeps the password of a user that it refuses: that of {user} was taken away again"),
        ),
        LeftFate::StillStored(_) => (Style::Bad, format!("{kept}, and it could not be taken away: {remove}")),
        LeftFate::NotDeleted(_) => (
            Style::Bad,
            format!(
                "to take its password away, {user} was made, unable to log in, and it could not be deleted: {delete}"
            ),
        ),
        LeftFate::Inherited => (
            Style::Bad,
            format!("{kept}; deleting it would take along the grants and groups that wait for the name: {remove}"),
        ),
        LeftFate::Unknown => {
            (Style::Bad, format!("{kept}; the next apply sets it anew, or, if the user is not there: {remove}"))
        }
    };
    let mut document = Document::default();
    document.push(Line::plain(INDENT).with(style, words));
    if let LeftFate::StillStored(error) | LeftFate::NotDeleted(error) = fate {
        document.extend(reasons(error));
    }
    document
}
