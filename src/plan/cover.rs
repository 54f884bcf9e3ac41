//! The fewest rectangles that cover a matrix exactly.
//!
//! Finding them is hard in general (biclique cover); what people write is easy once equal rows and equal columns have
//! been merged. Small matrices are searched to the end, larger ones until a fixed amount of work has been done, so the
//! answer depends on the matrix alone.

use std::collections::{BTreeMap, BTreeSet};

/// A rectangle of the merged matrix: a bit for each row, a bit for each column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Rectangle {
    rows: u64,
    columns: u64,
}

/// Rectangles, as sets of rows and of columns, whose union is exactly `columns_of`; overlaps are cut off where whole
/// rows or columns of a rectangle are covered by others already.
pub(super) fn rectangles<'a, R: Ord, C: Ord>(
    columns_of: &BTreeMap<&'a R, BTreeSet<&'a C>>,
    work: &mut Work,
) -> Vec<(BTreeSet<&'a R>, BTreeSet<&'a C>)> {
    let mut rows: BTreeMap<&BTreeSet<&'a C>, BTreeSet<&'a R>> = BTreeMap::new();
    for (row, columns) in columns_of {
        rows.entry(columns).or_default().insert(row);
    }
    let mut rows_with: BTreeMap<&'a C, BTreeSet<usize>> = BTreeMap::new();
    for (at, columns) in rows.keys().enumerate() {
        for column in *columns {
            rows_with.entry(column).or_default().insert(at);
        }
    }
    let mut columns: BTreeMap<BTreeSet<usize>, BTreeSet<&'a C>> = BTreeMap::new();
    for (column, rows) in rows_with {
        columns.entry(rows).or_default().insert(column);
    }
    let row_classes: Vec<BTreeSet<&'a R>> = rows.values().cloned().collect();
    let column_classes: Vec<(BTreeSet<usize>, BTreeSet<&'a C>)> = columns.into_iter().collect();

    let most = u64::BITS as usize;
    if row_classes.len() > most || column_classes.len() > most {
        return if row_classes.len() <= column_classes.len() {
            rows.into_iter().map(|(columns, rows)| (rows, columns.clone())).collect()
        } else {
            let rows_of = |at: &BTreeSet<usize>| at.iter().flat_map(|&at| row_classes[at].iter().copied()).collect();
            column_classes.into_iter().map(|(at, columns)| (rows_of(&at), columns)).collect()
        };
    }
    let mut matrix = vec![0_u64; row_classes.len()];
    for (column, (rows, _)) in column_classes.iter().enumerate() {
        for &row in rows {
            matrix[row] |= 1 << column;
        }
    }
    let expand = |Rectangle { rows, columns }: Rectangle| {
        let rows = bits(rows).flat_map(|at| row_classes[at].iter().copied()).collect();
        let columns = bits(columns).flat_map(|at| column_classes[at].1.iter().copied()).collect();
        (rows, columns)
    };
    trimmed(cover(&matrix, work)).into_iter().map(expand).collect()
}

fn bits(mask: u64) -> impl Iterator<Item = usize> {
    (0..u64::BITS as usize).filter(move |at| mask & (1 << at) != 0)
}

/// A cover of `matrix` (a mask of columns for each row), smallest as far as the work allows.
fn cover(matrix: &[u64], work: &mut Work) -> Vec<Rectangle> {
    let candidates = maximal(matrix);
    let mut search = Search { candidates: &candidates, best: by_rows(matrix), work };
    let greedy = greedy(&candidates, matrix);
    if greedy.len() < search.best.len() {
        search.best = greedy;
    }
    search.descend(&mut Vec::new(), matrix.to_vec());
    search.best
}

fn by_rows(matrix: &[u64]) -> Vec<Rectangle> {
    matrix.iter().enumerate().map(|(row, &columns)| Rectangle { rows: 1 << row, columns }).collect()
}

/// The rectangles that no other one contains, or as many of them as a fixed limit allows; those that are a row's
/// whole breadth or a column's whole height are always among them, so a cover is always found.
fn maximal(matrix: &[u64]) -> Vec<Rectangle> {
    const MOST: usize = 256;
    let mut shared: BTreeSet<u64> = matrix.iter().copied().collect();
    let every_column = matrix.iter().fold(0, |all, row| all | row);
    for column in bits(every_column) {
        let height = matrix.iter().filter(|&&row| row & (1 << column) != 0);
        shared.insert(height.fold(u64::MAX, |common, row| common & row));
    }
    for &row in matrix {
        let narrower: Vec<u64> = shared.iter().map(|columns| columns & row).filter(|&columns| columns != 0).collect();
        for columns in narrower {
            if shared.len() < MOST {
                shared.insert(columns);
            }
        }
    }
    let rows_with = |columns: u64| {
        let with = matrix.iter().enumerate().filter(move |(_, row)| *row & columns == columns);
        with.fold(0, |mask, (row, _)| mask | 1 << row)
    };
    shared.into_iter().map(|columns| Rectangle { rows: rows_with(columns), columns }).collect()
}

/// How many cells of `uncovered` a rectangle covers.
fn gain(rectangle: Rectangle, uncovered: &[u64]) -> u32 {
    bits(rectangle.rows).map(|row| (uncovered[row] & rectangle.columns).count_ones()).sum()
}

fn cut(rectangle: Rectangle, uncovered: &mut [u64]) {
    for row in bits(rectangle.rows) {
        uncovered[row] &= !rectangle.columns;
    }
}

fn greedy(candidates: &[Rectangle], matrix: &[u64]) -> Vec<Rectangle> {
    let mut uncovered = matrix.to_vec();
    let mut chosen = Vec::new();
    while let Some(&best) = candidates.iter().max_by_key(|candidate| gain(**candidate, &uncovered)) {
        if gain(best, &uncovered) == 0 {
            break;
        }
        cut(best, &mut uncovered);
        chosen.push(best);
    }
    chosen
}

/// How much looking is left, in comparisons of a cell with a rectangle: some milliseconds' worth for a whole plan.
pub(super) struct Work(usize);

impl Default for Work {
    fn default() -> Work {
        Work(4_000_000)
    }
}

impl Work {
    /// Takes `amount` off; no if there is not as much left.
    fn spend(&mut self, amount: usize) -> bool {
        let left = self.0.checked_sub(amount);
        self.0 = left.unwrap_or(0);
        left.is_some()
    }
}

/// A search for a cover smaller than the best one known.
struct Search<'a> {
    candidates: &'a [Rectangle],
    best: Vec<Rectangle>,
    work: &'a mut Work,
}

impl Search<'_> {
    fn descend(&mut self, chosen: &mut Vec<Rectangle>, uncovered: Vec<u64>) {
        let left: u32 = uncovered.iter().map(|row| row.count_ones()).sum();
        if left == 0 {
            if chosen.len() < self.best.len() {
                self.best = chosen.clone();
            }
            return;
        }
        let most = self.candidates.iter().map(|&candidate| gain(candidate, &uncovered)).max().unwrap_or(0);
        if most == 0 || chosen.len() + left.div_ceil(most) as usize >= self.best.len() {
            return;
        }
        if !self.work.spend((left as usize + uncovered.len()) * self.candidates.len()) {
            return;
        }
        // Some rectangle has to cover the cell that the fewest can cover.
        let cells =
            uncovered.iter().enumerate().flat_map(|(row, &columns)| bits(columns).map(move |column| (row, column)));
        let covering = |(row, column): (usize, usize)| {
            let covers = move |at: &&Rectangle| at.rows & (1 << row) != 0 && at.columns & (1 << column) != 0;
            self.candidates.iter().filter(covers)
        };
        let Some(cell) = cells.min_by_key(|&cell| covering(cell).count()) else { return };
        let mut branches: Vec<Rectangle> = covering(cell).copied().collect();
        branches.sort_by_key(|&branch| std::cmp::Reverse(gain(branch, &uncovered)));
        for branch in branches {
            let mut rest = uncovered.clone();
            cut(branch, &mut rest);
            chosen.push(branch);
            self.descend(chosen, rest);
            chosen.pop();
        }
    }
}

/// The same cover without the rows and columns of a rectangle that the others cover.
fn trimmed(mut cover: Vec<Rectangle>) -> Vec<Rectangle> {
    for at in 0..cover.len() {
        let covered_elsewhere = |cover: &[Rectangle], row: usize, column: usize| {
            let covers = |other: &Rectangle| other.rows & (1 << row) != 0 && other.columns & (1 << column) != 0;
            cover.iter().enumerate().any(|(other, rectangle)| other != at && covers(rectangle))
        };
        for row in bits(cover[at].rows) {
            if bits(cover[at].columns).all(|column| covered_elsewhere(&cover, row, column)) {
                cover[at].rows &= !(1 << row);
            }
        }
        for column in bits(cover[at].columns) {
            if bits(cover[at].rows).all(|row| covered_elsewhere(&cover, row, column)) {
                cover[at].columns &= !(1 << column);
            }
        }
    }
    cover.retain(|rectangle| rectangle.rows != 0 && rectangle.columns != 0);
    cover
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The size of a smallest cover, by trying every set of rectangles, fewest first.
    fn smallest(matrix: &[u64]) -> usize {
        let width = 4;
        let cells = |rows: u64, columns: u64| bits(rows).fold(0_u64, |mask, row| mask | columns << (row * width));
        let whole: u64 = matrix.iter().enumerate().fold(0, |mask, (row, columns)| mask | columns << (row * width));
        let all: Vec<u64> = (1..1 << matrix.len())
            .flat_map(|rows| (1..1_u64 << width).map(move |columns| cells(rows, columns)))
            .filter(|cells| cells & !whole == 0)
            .collect();
        let mut reached = BTreeSet::from([0_u64]);
        for size in 0.. {
            if reached.contains(&whole) {
                return size;
            }
            reached = reached.iter().flat_map(|&mask| all.iter().map(move |cells| mask | cells)).collect();
        }
        unreachable!("single cells are rectangles")
    }

    fn cells(rectangles: &[(BTreeSet<&u8>, BTreeSet<&u8>)]) -> BTreeSet<(u8, u8)> {
        let product = |(rows, columns): &(BTreeSet<&u8>, BTreeSet<&u8>)| -> Vec<(u8, u8)> {
            rows.iter().flat_map(|row| columns.iter().map(move |column| (**row, **column))).collect()
        };
        rectangles.iter().flat_map(product).collect()
    }

    fn columns_of(wanted: &BTreeSet<(u8, u8)>) -> BTreeMap<&u8, BTreeSet<&u8>> {
        let mut columns_of: BTreeMap<&u8, BTreeSet<&u8>> = BTreeMap::new();
        for (row, column) in wanted {
            columns_of.entry(row).or_default().insert(column);
        }
        columns_of
    }

    proptest! {
        #[test]
        fn small_covers_are_smallest(matrix in prop::collection::vec(0_u64..16, 1..4)) {
            let matrix: Vec<u64> = matrix.into_iter().filter(|row| *row != 0).collect();
            prop_assert_eq!(cover(&matrix, &mut Work::default()).len(), smallest(&matrix));
        }

        #[test]
        fn covers_are_exact(wanted in prop::collection::btree_set((0_u8..90, 0_u8..12), 0..200)) {
            let columns_of = columns_of(&wanted);
            let found = rectangles(&columns_of, &mut Work::default());
            prop_assert_eq!(&cells(&found), &wanted);
            let distinct_rows: BTreeSet<_> = columns_of.values().collect();
            prop_assert!(found.len() <= distinct_rows.len());
        }
    }

    #[test]
    fn overlapping_rectangles_are_found_and_trimmed() {
        // xx.     Two rectangles cover this although it has three kinds of rows
        // xxx     and three kinds of columns.
        // .xx
        let wanted = BTreeSet::from([(0, 0), (0, 1), (1, 0), (1, 1), (1, 2), (2, 1), (2, 2)]);
        let columns_of = columns_of(&wanted);
        let found = rectangles(&columns_of, &mut Work::default());
        assert_eq!(found.len(), 2);
        assert_eq!(cells(&found), wanted);
    }

    #[test]
    fn what_is_too_wide_for_a_search_is_still_covered() {
        let diagonal: BTreeSet<(u8, u8)> = (0..70).map(|at| (at, at)).collect();
        let columns_of = columns_of(&diagonal);
        assert_eq!(cells(&rectangles(&columns_of, &mut Work::default())), diagonal);
    }
}
