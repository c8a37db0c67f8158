use super::writer::{PAGE_SIZE, Writer, leaf_body, meta};
use super::*;

/// The keys of the bucket with the lengths of their values, in the order in which they are shown.
fn keys(file: &[u8]) -> Result<Vec<(Vec<u8>, usize)>, BoltError> {
    let mut keys = Vec::new();
    Database::open(&file)?.for_each("key", |key, value| {
        keys.push((key.to_vec(), value.len()));
        Ok::<_, BoltError>(())
    })?;
    Ok(keys)
}

fn damage(file: &[u8]) -> &'static str {
    match keys(file) {
        Err(BoltError::Damaged { what, .. }) => what,
        other => panic!("{other:?}"),
    }
}

fn tree() -> Vec<u8> {
    let mut writer = Writer::default();
    let large = vec![7; 5 * PAGE_SIZE];
    let first = writer.leaf(&[(0, b"a", b"1"), (0, b"b", &large)]);
    let second = writer.leaf(&[(0, b"c", b"")]);
    let third = writer.leaf(&[(0, b"d", b"22")]);
    let inner = writer.branch(&[second, third]);
    let outer = writer.branch(&[first, inner]);
    writer.finish(outer)
}

#[test]
fn a_tree_is_read_in_order_with_branches_and_long_pages() {
    let expected = [("a", 1), ("b", 5 * PAGE_SIZE), ("c", 0), ("d", 2)];
    let expected = expected.map(|(key, length)| (key.as_bytes().to_vec(), length));
    assert_eq!(keys(&tree()).unwrap(), expected);
}

#[test]
fn a_bucket_within_a_value_is_read() {
    let mut inline = vec![0; 16 + 8];
    inline.extend(2_u16.to_le_bytes());
    inline.extend(2_u16.to_le_bytes());
    inline.extend([0; 4]);
    inline.extend(leaf_body(&[(0, b"x", b"1"), (0, b"y", b"22")]));
    let mut writer = Writer::default();
    let root = writer.leaf(&[(1, b"alarm", &[0; 40]), (1, b"key", &inline)]);
    let file = writer.file(root);
    assert_eq!(
        keys(&file).unwrap(),
        [(b"x".to_vec(), 1), (b"y".to_vec(), 2)]
    );
}

#[test]
fn the_later_meta_page_counts_unless_it_is_torn() {
    let mut writer = Writer::default();
    let old = writer.leaf(&[(0, b"old", b"")]);
    let new = writer.leaf(&[(0, b"new", b"")]);
    let roots = [old, new].map(|tree| {
        let bucket = [tree.to_le_bytes(), [0; 8]].concat();
        writer.leaf(&[(1, b"key", &bucket)])
    });
    let pages = writer.next();
    let body = writer.file(roots[0]).split_off(2 * PAGE_SIZE);
    let file = |first: u64, second: u64| {
        let mut file = meta(0, roots[0], pages, first);
        file.extend(meta(1, roots[1], pages, second));
        file.extend(&body);
        file
    };
    assert_eq!(keys(&file(1, 2)).unwrap()[0].0, b"new");
    assert_eq!(keys(&file(3, 2)).unwrap()[0].0, b"old");
    let mut torn = file(1, 2);
    torn[PAGE_SIZE + 16 + 20] ^= 1;
    assert_eq!(keys(&torn).unwrap()[0].0, b"old");
    // The first one torn: the second is looked for behind pages of every size.
    let mut torn = file(3, 2);
    torn[17] ^= 1;
    assert_eq!(keys(&torn).unwrap()[0].0, b"new");
    torn[PAGE_SIZE + 17] ^= 1;
    assert!(matches!(keys(&torn), Err(BoltError::NotBolt)));
}

#[test]
fn what_is_no_database_is_none() {
    for bytes in [
        b"".to_vec(),
        b"k8s\0".to_vec(),
        vec![0; 4096],
        vec![0xff; 70_000],
    ] {
        assert!(matches!(keys(&bytes), Err(BoltError::NotBolt)));
    }
    let file = tree();
    for length in (0..file.len()).step_by(97) {
        assert!(keys(&file[..length]).is_err(), "{length}");
    }
}

#[test]
fn a_cycle_ends() {
    let mut writer = Writer::default();
    let own = writer.next();
    writer.branch(&[own, own]);
    assert_eq!(
        damage(&writer.finish(own)),
        "pages lead to it more than once"
    );
    // Of many branches each to the same next: two to the power of their number, if pages could be read twice.
    let mut writer = Writer::default();
    let mut below = writer.leaf(&[]);
    for _ in 0..40 {
        below = writer.branch(&[below, below]);
    }
    assert_eq!(
        damage(&writer.finish(below)),
        "pages lead to it more than once"
    );
}

#[test]
fn a_deep_tree_ends() {
    let mut writer = Writer::default();
    let mut below = writer.leaf(&[(0, b"a", b"")]);
    for _ in 0..200 {
        below = writer.branch(&[below]);
    }
    assert_eq!(damage(&writer.finish(below)), "the tree is too deep");
}

#[test]
fn sizes_and_counts_that_do_not_fit_are_errors() {
    let fitting = "its elements do not fit into it";
    let count_too_high = |flags| {
        let mut writer = Writer::default();
        let page = writer.page(flags, u16::MAX, &[]);
        writer.finish(page)
    };
    assert_eq!(damage(&count_too_high(1)), fitting);
    assert_eq!(damage(&count_too_high(2)), fitting);
    // Many elements that are all the same long value: read once each, they would take hours.
    let mut body = Vec::new();
    for index in 0..1000_u32 {
        let position = (1000 - index) * 16;
        for number in [0, position, 1, 400_000] {
            body.extend(number.to_le_bytes());
        }
    }
    body.resize(body.len() + 400_001, 1);
    let mut writer = Writer::default();
    let page = writer.page(2, 1000, &body);
    assert_eq!(damage(&writer.finish(page)), fitting);
    for (position, key, value) in [
        (0, 1, 1),
        (16, 0, 1),
        (16, u32::MAX, u32::MAX),
        (u32::MAX, 1, 1),
        (16, 1, 5000),
    ] {
        let body = [0, position, key, value].map(u32::to_le_bytes).concat();
        let mut writer = Writer::default();
        let page = writer.page(2, 1, &body);
        assert_eq!(
            damage(&writer.finish(page)),
            fitting,
            "{position} {key} {value}"
        );
    }
}

#[test]
fn pages_that_are_not_what_leads_to_them_are_errors() {
    type Make = fn(&mut Writer) -> u64;
    let cases: [(&str, Make); 5] = [
        ("there is no such page", |_| 1),
        ("there is no such page", |_| 999),
        ("there is no such page", |_| u64::MAX),
        ("it is neither a branch nor a leaf", |writer| {
            writer.page(16, 0, &[])
        }),
        ("its keys are not in order", |writer| {
            writer.leaf(&[(0, b"b", b""), (0, b"a", b"")])
        }),
    ];
    for (what, make) in cases {
        let mut writer = Writer::default();
        let page = make(&mut writer);
        assert_eq!(damage(&writer.finish(page)), what);
    }
    let mut file = tree();
    file[2 * PAGE_SIZE + 12] = 0xff;
    file[2 * PAGE_SIZE + 15] = 0xff;
    assert_eq!(damage(&file), "it goes on behind the end");
    let mut file = tree();
    file[2 * PAGE_SIZE] ^= 4;
    assert_eq!(damage(&file), "another page's number stands in it");
}

#[test]
fn a_database_without_the_bucket_says_so() {
    let mut writer = Writer::default();
    let root = writer.leaf(&[(1, b"keys", &[0; 16]), (0, b"key", b"no bucket")]);
    // Not in order, but for that:
    assert!(keys(&writer.file(root)).is_err());
    let mut writer = Writer::default();
    let root = writer.leaf(&[(1, b"alarm", &[0; 16])]);
    let none = keys(&writer.file(root));
    assert!(matches!(none, Err(BoltError::NoBucket { bucket: "key" })));
}
