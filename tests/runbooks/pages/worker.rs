//! A worker of the cluster, on a machine of its own or as another host that `ssh` and `scp` lead to.

use std::io::{Read, Write};

use crate::page::Page;
use crate::story::Story;
use crate::support::node::Node;
use crate::support::worker::{WORKER, lay_out};

/// A story on a worker whose kubelet has ended for want of a credential: something takes its place, and is healthy once it runs.
pub fn begin<'page>(page: &'page mut Page, plane: &Node) -> Option<Story<'page>> {
    let worker = lay_out(plane);
    worker.write(
        "/var/lib/kubelet/kubeadm-flags.env",
        format!("KUBELET_KUBEADM_ARGS=\"--hostname-override={WORKER}\"\n"),
    );
    let mut story = page.begin(worker)?;
    story.with_kubelet();
    story.machine().shell(": >/run/components");
    let listener = story.machine().listen("127.0.0.1:10248");
    std::thread::spawn(move || {
        // As `/healthz` of a kubelet does.
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 512]);
            let _ = stream.write_all(b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok");
        }
    });
    Some(story)
}

/// Puts a file into the home of the story's user.
pub fn carry(story: &Story<'_>, bytes: &[u8], name: &str) {
    let node = story.machine().node();
    node.write_private("/etc/carried", bytes);
    story
        .machine()
        .shell(&format!("mv /etc/carried /root/{name}"));
}

/// `ssh HOST COMMAND` and `scp FILE... HOST:FOLDER` for one other host, the node in a folder: its files are there, and its name.
pub fn reach(story: &Story<'_>, other: &Node) {
    other.shell("mkdir -p root");
    story.machine().shell(&format!(
        r#"cat >/run/bin/ssh <<'END'
#!/bin/bash
exec unshare --mount --uts bash -ec '
    hostname "$1"
    mount --bind "$0/etc" /etc; mount --bind "$0/var/lib" /var/lib; mount --bind "$0/root" /root
    cd /root; set +e; eval "$2"' '{root}' "$@"
END
cat >/run/bin/scp <<'END'
#!/bin/bash
to=${{@: -1}}
exec cp "${{@:1:$#-1}}" "{root}${{to#*:}}"
END
chmod 0755 /run/bin/ssh /run/bin/scp"#,
        root = other.path().display()
    ));
}
