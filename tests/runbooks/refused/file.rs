//! Something is wrong with a file or a folder.

use super::broken;
use crate::page::Page;

const CERTIFICATE: &str = "/etc/kubernetes/pki/apiserver.crt";

#[test]
fn hard_linked() {
    let mut page = Page::open("refused/hard-linked");
    let node = broken("ln etc/kubernetes/pki/apiserver.crt etc/kubernetes/second-name");
    let Some(mut story) = page.begin(node) else {
        return;
    };
    story.put("FILE", CERTIFICATE);
    let found = story.run("find \"$(findmnt");
    assert!(found.contains("second-name"), "{found}");
    story.follow();
    story.run("rekindle plan");
    story.is_mended();
    drop(story);
    page.end();
}

#[test]
fn writable_by_others() {
    let mut page = Page::open("refused/writable-by-others");
    let node = broken("chmod g+w etc/kubernetes/pki/apiserver.crt");
    let Some(mut story) = page.begin(node) else {
        return;
    };
    story.put("FILE", CERTIFICATE);
    story.follow();
    story.run("rekindle plan");
    story.is_mended();
    drop(story);
    page.end();
}
